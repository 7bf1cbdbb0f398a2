import * as z from 'zod';
import { durationParameter } from './common.ts';

const maxWaitUs = 60_000_000;

/** What `POST /logs` takes in its query. */
export const ingestQuery = z.object({
  service: z.string().max(200).optional().meta({ description: 'For records that name no service' }),
  env: z.string().max(200).optional().meta({ description: 'For records that name no env' }),
  host: z.string().max(200).optional().meta({ description: 'For records that name no host' }),
  wait: z
    .enum(['hot', 'warm'])
    .optional()
    .meta({ description: 'Answer when the records can be searched (hot) or are in a committed file (warm)' }),
  timeout: durationParameter
    .refine((us) => us <= maxWaitUs, 'expected at most 60s')
    .optional()
    .meta({ description: 'How long to wait at most; 10s for hot and 30s for warm unless given, 60s at most' }),
});

const closed = z.object({ done: z.int(), in_flight: z.int(), dead: z.int(), dropped: z.int() });

export const dead = z.array(
  z.object({ position: z.int().meta({ description: 'Index of the record within the receipt' }), code: z.string() }),
);

export const receiptStatus = z.object({ records: z.int(), hot: closed, warm: closed, dead });

/** What `POST /logs` answers; the fields from `waited` on only with `?wait=`. */
export const ingestAnswer = z
  .object({
    receipt: z.string().nullable().meta({ description: 'Asks later where the records are: GET /api/receipts/{receipt}' }),
    accepted: z.int(),
    rejected: z.int(),
    waited: z.boolean().optional().meta({ description: 'Whether all records were closed in time' }),
    hot: closed.optional(),
    warm: closed.optional(),
    dead: dead.optional(),
  })
  .meta({ id: 'Accepted' });

export const partialAnswer = ingestAnswer
  .extend({
    items: z.array(
      z.object({
        index: z.int(),
        status: z.int(),
        code: z.string(),
        detail: z.string(),
        retryable: z.boolean(),
        errors: z.array(z.object({ path: z.string(), code: z.string(), detail: z.string() })).optional(),
      }),
    ),
  })
  .meta({ id: 'PartlyAccepted' });
