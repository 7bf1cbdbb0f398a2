import { readFile } from 'node:fs/promises';
import type { Guard } from '../../adapters/send/guarded/guarded-send.ts';
import type { ChannelConfig, Secret } from '../../alerts/channels/schema.ts';
import type { Clock } from '../../core/clock.ts';
import { AppError } from '../../core/errors.ts';
import type { Log } from '../../core/ports/log.ts';
import type { Notifier } from '../../core/ports/notifier.ts';

export type OpenChannelDeps = { guard: Guard; log: Log; clock: Clock };

/** One attempt each: whoever delivers tries again, and remembers across a crash. */
const once = { attempts: 1, timeoutMs: 10_000 } as const;

/** Opens a channel with its secrets; libraries are loaded with the first of their kind. @throws AppError INVALID_CONFIG naming what is missing, never its value */
export async function openChannel(config: ChannelConfig, { guard, log, clock }: OpenChannelDeps): Promise<Notifier> {
  const { send } = guard;
  if (config.kind === 'console') {
    const { ConsoleNotifier } = await import('../../adapters/notify/console/console-notifier.ts');
    return new ConsoleNotifier(log, process.stderr.isTTY ? (text) => void process.stderr.write(text) : undefined);
  }
  if (config.kind === 'slack') {
    const { SlackNotifier } = await import('../../adapters/notify/slack/slack-notifier.ts');
    return new SlackNotifier({ url: await textOf(config.url), send, ...once });
  }
  if (config.kind === 'webhook') {
    const { WebhookNotifier } = await import('../../adapters/notify/webhook/webhook-notifier.ts');
    const headers = Object.fromEntries(
      await Promise.all(Object.entries(config.headers ?? {}).map(async ([name, value]) => [name, await textOf(value)])),
    );
    const secret = config.secret ? { secret: await readSecret(config.secret) } : {};
    return new WebhookNotifier({ url: await textOf(config.url), headers, ...secret, clock, send, ...once });
  }
  if (config.kind === 'email') {
    const { EmailNotifier } = await import('../../adapters/notify/email/email-notifier.ts');
    const { host, port, tls, starttls, user, from, to } = config;
    const password = config.password ? await readSecret(config.password) : undefined;
    return new EmailNotifier({ host, port, tls, starttls, user, password, from, to, resolve: guard.resolve });
  }
  if (config.kind === 'ses') {
    const { SesNotifier } = await import('../../adapters/notify/ses/ses-notifier.ts');
    return new SesNotifier({ from: config.from, to: config.to, region: config.region, attempts: 1 });
  }
  if (config.kind === 'sns') {
    const { SnsNotifier } = await import('../../adapters/notify/sns/sns-notifier.ts');
    return new SnsNotifier({ topicArn: config.topic_arn, region: config.region, attempts: 1 });
  }
  if (config.kind === 'pagerduty') {
    const { PagerDutyNotifier } = await import('../../adapters/notify/pagerduty/pagerduty-notifier.ts');
    const url = config.url === undefined ? {} : { url: await textOf(config.url) };
    return new PagerDutyNotifier({ routingKey: await readSecret(config.routing_key), ...url, send, ...once });
  }
  const { OpsgenieNotifier } = await import('../../adapters/notify/opsgenie/opsgenie-notifier.ts');
  const url = config.url === undefined ? {} : { url: await textOf(config.url) };
  return new OpsgenieNotifier({ apiKey: await readSecret(config.api_key), ...url, send, ...once });
}

const textOf = async (given: string | Secret): Promise<string> => (typeof given === 'string' ? given : readSecret(given));

/** Reads a secret where it is kept. @throws AppError INVALID_CONFIG */
export async function readSecret(secret: Secret): Promise<string> {
  if ('value' in secret) return secret.value;
  if ('env' in secret) {
    const value = process.env[secret.env];
    if (!value) throw new AppError('INVALID_CONFIG', `the environment variable ${secret.env} is not set`);
    return value;
  }
  try {
    return (await readFile(secret.file, 'utf8')).trim();
  } catch (error) {
    throw new AppError('INVALID_CONFIG', `the file ${secret.file} cannot be read (${(error as { code?: string }).code})`);
  }
}
