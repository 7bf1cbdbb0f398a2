import * as z from 'zod';
import { alertStates } from '../../alerts/transition.ts';
import { time } from './common.ts';

export const rulePath = z.object({ name: z.string().min(1).max(100) });

const labels = z.record(z.string(), z.string());

/** A rule as it is given: its grammar is that of the rule language, which names the place of what it refuses. */
export const ruleBody = z
  .looseObject({
    name: z.string().meta({ example: 'high-error-rate' }),
    condition: z
      .array(z.unknown())
      .meta({ example: ['>', ['rate', { where: ['=', 'level', 'error'], by: ['service'], window: '5m' }], 10] }),
    for: z.string().optional().meta({ description: 'How long the condition must hold before it fires', example: '2m' }),
    keep_firing_for: z.string().optional(),
    labels: labels.optional(),
    annotations: labels.optional(),
    action: z.union([z.string(), z.array(z.string())]).optional(),
    staging: z.boolean().optional().meta({ description: 'Evaluated and recorded; nobody is told' }),
    tests: z.array(z.unknown()).optional(),
  })
  .meta({ id: 'AlertRule' });

export const ruleAnswer = z
  .looseObject({
    name: z.string(),
    version: z.int(),
    state: z.enum(alertStates),
    staging: z.boolean(),
    created_at: time,
    updated_at: time,
    updated_by: z.string().meta({ description: 'The id of the key that changed it last' }),
    condition: z.array(z.unknown()),
  })
  .meta({ id: 'SavedAlertRule' });

export const versionAnswer = z
  .object({
    version: z.int(),
    updated_at: time,
    updated_by: z.string(),
    deleted: z.boolean(),
    rule: z.record(z.string(), z.unknown()),
    changes: z.array(z.object({ path: z.string(), from: z.unknown(), to: z.unknown() })).meta({ description: 'Beside the version before' }),
  })
  .meta({ id: 'AlertRuleVersion' });

export const episode = z
  .object({
    id: z.string(),
    rule: z.string(),
    state: z.enum(alertStates),
    labels,
    value: z.number().nullable(),
    since: time,
    resolved_at: time.nullable(),
    staging: z.boolean(),
  })
  .meta({ id: 'Alert' });

export const amendment = z
  .object({
    rule: z.string(),
    labels,
    window_end: time,
    was: z.object({ holds: z.boolean(), value: z.number().nullable() }),
    is: z.object({ holds: z.boolean(), value: z.number().nullable() }),
    noticed_at: time,
  })
  .meta({ id: 'AlertAmendment', description: 'Records that came late would have decided a window otherwise' });

const transition = z.object({
  at: time,
  labels,
  from: z.enum(alertStates),
  to: z.enum(alertStates),
  value: z.number().nullable(),
  reason: z.string(),
});

const oneBacktest = {
  transitions: z.array(transition),
  notifications: z.int(),
  episodes: z.int().meta({ description: 'How often an alert fired' }),
  windows: z.int().meta({ description: 'Windows that were evaluated' }),
  truncated: z.boolean(),
};

export const backtestAnswer = z
  .object({
    ...oneBacktest,
    from: time,
    to: time,
    took_ms: z.number(),
    against: z
      .object({ version: z.int(), ...oneBacktest })
      .optional()
      .meta({ description: 'The same for the version it is compared with' }),
    difference: z
      .object({ only_here: z.array(transition), only_there: z.array(transition) })
      .optional()
      .meta({ description: 'Transitions that one of the two makes alone' }),
  })
  .meta({ id: 'Backtest' });

export const backtestBody = z
  .strictObject({
    from: z.string().optional(),
    to: z.string().optional(),
    last: z.string().optional().meta({ description: 'Instead of from; 24h unless given', example: '30d' }),
    rule: z
      .union([z.record(z.string(), z.unknown()), z.string()])
      .optional()
      .meta({ description: 'A rule that is not saved: JSON, or a text of EDN' }),
    version: z.int().min(1).optional().meta({ description: 'A former version of the rule' }),
    against: z.int().min(1).optional().meta({ description: 'A version to compare with' }),
  })
  .meta({ id: 'BacktestOrder' });
