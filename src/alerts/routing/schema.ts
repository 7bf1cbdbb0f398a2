import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { readDuration } from './duration.ts';
import { parseMatchers } from './matcher.ts';
import { compileTimeIntervals } from './time-interval.ts';

/** Runs what throws AppError as a check of a schema. */
const refuses =
  <T>(check: (value: T) => void) =>
  (value: T, context: z.core.$RefinementCtx<T>) => {
    try {
      check(value);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.issues.push({ code: 'custom', message: error.detail, input: value });
    }
  };

const name = z.string().min(1).max(200);
const duration = z
  .string()
  .refine((text) => readDuration(text) !== undefined, 'expected a time span such as 30s, 5m or 1h30m')
  .meta({ example: '5m' });
export const matchersSchema = z
  .array(z.string().superRefine(refuses((text) => void parseMatchers(text))))
  .max(50)
  .meta({ description: 'All must hold: `severity="page"`, `service=~"api|web"`, `team!="data"`', example: ['severity="page"'] });

export const timeIntervalSchema = z
  .strictObject({
    times: z.array(z.strictObject({ start_time: z.string(), end_time: z.string() })).optional(),
    weekdays: z.array(z.string()).optional(),
    days_of_month: z.array(z.string()).optional(),
    months: z.array(z.string()).optional(),
    years: z.array(z.string()).optional(),
    location: z.string().optional().meta({ description: 'IANA time zone', example: 'Europe/Berlin' }),
  })
  .superRefine(refuses((spec) => void compileTimeIntervals([spec])))
  .meta({ id: 'TimeInterval', description: "As Alertmanager's time_intervals: all fields must hold, of each field one entry" });

const escalation = z.strictObject({ after: duration, receiver: name });
const flapDamping = z.strictObject({
  changes: z.int().min(2).max(50).meta({ description: 'So many changes of state' }),
  within: duration.meta({ description: 'in so long make an alert flap' }),
  hold: duration.meta({ description: 'A flapping alert is told as resolved once it was quiet for so long' }),
});

/** A node of the routing tree; what is left out is as in the node above. */
export const routeSchema = z
  .strictObject({
    receiver: name.optional(),
    matchers: matchersSchema.optional(),
    continue: z.boolean().optional().meta({ description: 'Whether the nodes after this one are asked too' }),
    group_by: z.array(name).max(50).optional().meta({ description: 'Labels that make a group; ["..."] is each alert by itself' }),
    group_wait: duration.optional(),
    group_interval: duration.optional(),
    repeat_interval: duration.optional(),
    mute_time_intervals: z.array(name).optional(),
    active_time_intervals: z.array(name).optional(),
    escalate: z
      .array(escalation)
      .max(10)
      .optional()
      .meta({ description: 'Whom to tell besides when nobody has acknowledged after so long' }),
    flap_damping: flapDamping.nullable().optional(),
    get routes() {
      return z.array(routeSchema).max(500).optional();
    },
  })
  .meta({ id: 'AlertRoute' });

const receiver = z
  .strictObject({
    name,
    channels: z.array(name).min(1).max(20),
    send_resolved: z.boolean().optional().meta({ description: 'Whether to tell when alerts end, too; true unless given' }),
  })
  .meta({ id: 'AlertReceiver' });

const inhibitRule = z
  .strictObject({
    source_matchers: matchersSchema,
    target_matchers: matchersSchema,
    equal: z.array(name).max(50).optional(),
  })
  .meta({ id: 'InhibitRule', description: 'While a source fires, targets with the same values of `equal` are not told' });

/** Everything that decides who is told what, and when. https://prometheus.io/docs/alerting/latest/configuration/ */
export const routingSchema = z
  .strictObject({
    route: routeSchema,
    receivers: z.array(receiver).max(500).optional(),
    inhibit_rules: z.array(inhibitRule).max(500).optional(),
    time_intervals: z
      .array(z.strictObject({ name, time_intervals: z.array(timeIntervalSchema).max(50) }))
      .max(200)
      .optional(),
  })
  .meta({ id: 'AlertRouting' });

export type RouteConfig = z.output<typeof routeSchema>;
export type ReceiverConfig = z.output<typeof receiver>;
export type InhibitRuleConfig = z.output<typeof inhibitRule>;
export type RoutingConfig = z.output<typeof routingSchema>;

/** Names of settings by where they stand, to suggest one for a mistyped one. */
export const knownKeys: Record<'' | 'route' | 'receivers' | 'inhibit_rules' | 'time_intervals' | 'escalate' | 'flap_damping', string[]> = {
  '': Object.keys(routingSchema.shape),
  route: Object.keys(routeSchema.shape),
  receivers: Object.keys(receiver.shape),
  inhibit_rules: Object.keys(inhibitRule.shape),
  time_intervals: ['name', 'time_intervals', ...Object.keys(timeIntervalSchema.shape)],
  escalate: Object.keys(escalation.shape),
  flap_damping: Object.keys(flapDamping.shape),
};
