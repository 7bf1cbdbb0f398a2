import * as z from 'zod';
import type { Environment } from '../../../lambdas/environment.ts';
import { ConsoleNotifier } from '../../adapters/notify/console/console-notifier.ts';
import { SesNotifier } from '../../adapters/notify/ses/ses-notifier.ts';
import { SlackNotifier } from '../../adapters/notify/slack/slack-notifier.ts';
import { SnsNotifier } from '../../adapters/notify/sns/sns-notifier.ts';
import { WebhookNotifier } from '../../adapters/notify/webhook/webhook-notifier.ts';
import { AppError } from '../../core/errors.ts';
import type { Notifier } from '../../core/ports/notifier.ts';
import { notificationsOf } from './alarm-notification.ts';
import type { FunctionRuntime, Invocation } from './function-runtime.ts';
import { endpoint } from './open-files.ts';
import { openState } from './open-state.ts';

/** Channels besides the topic, in the state store, so that their addresses are in no template: `logdrive` writes them there. */
export const channelsKey = 'notify/channels';
const channel = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('slack'), url: z.url() }),
  z.strictObject({ kind: z.literal('webhook'), url: z.url() }),
  z.strictObject({ kind: z.literal('ses'), from: z.email(), to: z.array(z.email()).min(1) }),
]);
const channels = z.array(channel);

export type NotifyEnvironment = Environment<'LOGDRIVE_TABLE' | 'LOGDRIVE_NOTIFY_TOPIC_ARN'>;

/** Builds what tells people: each notification on every channel; fails, to be tried again, where a channel may take it later. */
export function buildNotify({ env, registry }: FunctionRuntime<NotifyEnvironment>) {
  const state = openState(env);
  const told = registry.counter('logdrive_notifications_total', 'Notifications, by channel and whether it took them.', [
    'channel',
    'result',
  ]);

  return async (event: object, { log }: Invocation): Promise<{ told: number; failed: number }> => {
    const notifiers = openChannels(env, await readChannels(), log);
    const failures: unknown[] = [];
    let sent = 0;
    for (const notification of notificationsOf(event)) {
      for (const [name, notifier] of notifiers) {
        try {
          await notifier.notify(notification);
          told.add(1, name, 'taken');
          sent++;
        } catch (error) {
          told.add(1, name, 'failed');
          log.error({ channel: name, error }, 'notification failed');
          failures.push(error);
        }
      }
    }
    await Promise.all(notifiers.map(([, notifier]) => notifier.close()));
    const later = failures.find((error) => !(error instanceof AppError) || error.retryable);
    if (later) throw later;
    return { told: sent, failed: failures.length };
  };

  async function readChannels(): Promise<z.output<typeof channels>> {
    const parsed = channels.safeParse((await state.get(channelsKey))?.value ?? []);
    if (parsed.success) return parsed.data;
    throw new AppError('INVALID_CONFIG', `${channelsKey}: ${z.prettifyError(parsed.error)}`);
  }
}

function openChannels(env: NotifyEnvironment, extra: z.output<typeof channels>, log: Invocation['log']): [string, Notifier][] {
  const at = { endpoint: endpoint() };
  const open = (each: (typeof extra)[number]): Notifier => {
    if (each.kind === 'slack') return new SlackNotifier({ url: each.url });
    if (each.kind === 'webhook') return new WebhookNotifier({ url: each.url });
    return new SesNotifier({ from: each.from, to: each.to, ...at });
  };
  const topicArn = env.LOGDRIVE_NOTIFY_TOPIC_ARN;
  const all: [string, Notifier][] = [
    ...(topicArn ? [['sns', new SnsNotifier({ topicArn, ...at })] as [string, Notifier]] : []),
    ...extra.map((each): [string, Notifier] => [each.kind, open(each)]),
  ];
  return all.length > 0 ? all : [['console', new ConsoleNotifier(log)]];
}
