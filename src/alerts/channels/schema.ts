import * as z from 'zod';
import { AppError } from '../../core/errors.ts';
import { checkTemplate } from '../routing/template.ts';

/**
 * A secret of a channel: the name of an environment variable, the path of a file, or the value itself. Only the first two are for `logdrive.yaml`;
 * a value that came by the API is kept and never given out again.
 */
export const secretSchema = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_]\w{0,99}$/, 'expected the name of an environment variable') }),
  z.strictObject({ file: z.string().min(1).max(1_000) }),
  z.strictObject({ value: z.string().min(1).max(4_000) }),
]);
export type Secret = z.output<typeof secretSchema>;

const template = z
  .string()
  .superRefine((text, context) => {
    try {
      checkTemplate(text);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      context.addIssue({ code: 'custom', message: error.detail });
    }
  })
  .optional();

const texts = { subject: template, text: template };
const url = z.union([z.string().regex(/^https?:\/\//i, 'expected an http(s) URL'), secretSchema]);
const address = z
  .string()
  .min(3)
  .max(320)
  .regex(/^[^\r\n]+$/, 'expected an address');
const emails = { from: address, to: z.array(address).min(1).max(50) };

/** Ways to tell people, by their kind. */
export const channelSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('console'), ...texts }),
  z.strictObject({ kind: z.literal('slack'), url, ...texts }),
  z.strictObject({
    kind: z.literal('webhook'),
    url,
    secret: secretSchema.optional().meta({ description: 'Signs each request' }),
    headers: z
      .record(
        z.string().regex(/^[A-Za-z0-9-]{1,100}$/),
        z.union([
          z
            .string()
            .max(4_000)
            .regex(/^[\t\x20-\x7e]*$/),
          secretSchema,
        ]),
      )
      .optional(),
  }),
  z.strictObject({
    kind: z.literal('email'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65_535).optional().meta({ description: '587 unless given; 465 with tls: true' }),
    tls: z.boolean().optional().meta({ description: 'TLS from the first byte, as on port 465' }),
    starttls: z.enum(['required', 'offered', 'never']).optional().meta({ description: '`required` unless given' }),
    user: z.string().max(320).optional(),
    password: secretSchema.optional(),
    ...emails,
    ...texts,
  }),
  z.strictObject({ kind: z.literal('ses'), region: z.string().optional(), ...emails, ...texts }),
  z.strictObject({
    kind: z.literal('sns'),
    topic_arn: z.string().regex(/^arn:[^\s]+$/, 'expected an ARN'),
    region: z.string().optional(),
    ...texts,
  }),
  z.strictObject({ kind: z.literal('pagerduty'), routing_key: secretSchema, url: url.optional(), ...texts }),
  z.strictObject({
    kind: z.literal('opsgenie'),
    api_key: secretSchema,
    url: url.optional().meta({ description: 'https://api.opsgenie.com unless given; https://api.eu.opsgenie.com for Europe' }),
    ...texts,
  }),
]);

export type ChannelConfig = z.output<typeof channelSchema>;
export type ChannelKind = ChannelConfig['kind'];

export const channelNamePattern = /^[a-z0-9][a-z0-9._-]{0,99}$/i;

/** A channel without the values of its secrets: `{"value": "***"}` says that there is one. */
export function redacted(config: ChannelConfig): unknown {
  return JSON.parse(JSON.stringify(config), (_key, value: unknown) => {
    if (typeof value === 'object' && value !== null && 'value' in value && Object.keys(value).length === 1) return { value: '***' };
    return value;
  });
}

/** Every secret of a channel, with where it stands. */
export function secretsOf(config: ChannelConfig): { path: string; secret: Secret }[] {
  const found: { path: string; secret: Secret }[] = [];
  const walk = (value: unknown, path: string) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
    const parsed = secretSchema.safeParse(value);
    if (parsed.success) found.push({ path, secret: parsed.data });
    else for (const [name, child] of Object.entries(value)) walk(child, path ? `${path}.${name}` : name);
  };
  walk(config, '');
  return found;
}
