import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { once, startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildRestore } from '../../src/compose/aws/restore.ts';
import { AppError } from '../../src/core/errors.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const restore = once(async () => buildRestore(runtime));
const coming = runtime.registry.gauge('logdrive_restore_days_coming', 'Cold days that were asked for and cannot be read yet.');

/** What it is invoked with by hand; a schedule's event looks how far things have come. */
const request = z.strictObject({
  tenant: z.string().min(1),
  from: z.string(),
  to: z.string(),
  days: z.int().default(7),
  speed: z.enum(['fast', 'standard', 'bulk']).default('standard'),
});

export const handler = (event: unknown, context: Context) =>
  runtime.run(context, async ({ log }) => {
    const { request: ask, check } = await restore();
    const isAsked = typeof event === 'object' && event !== null && 'tenant' in event;
    const days = isAsked ? await ask(read(event)) : await check();
    coming.set(days.filter(({ state }) => state === 'coming').length);
    log.info(
      { days: days.length, ready: days.filter(({ state }) => state === 'ready').length },
      isAsked ? 'cold days asked for' : 'cold days looked at',
    );
    return days;
  });

function read(event: object) {
  const parsed = request.safeParse(event);
  if (parsed.success) return parsed.data;
  throw new AppError('INVALID_PARAMETER', parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}
