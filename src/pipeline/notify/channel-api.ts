import { type ChannelConfig, redacted, secretsOf } from '../../alerts/channels/schema.ts';
import { notificationOf } from '../../alerts/routing/notice-text.ts';
import { readRouting } from '../../alerts/routing/read-routing.ts';
import { AppError } from '../../core/errors.ts';
import type { GroupNotice } from '../../core/notice.ts';
import type { NotifyApi } from './api.ts';
import { failureOf } from './deliver.ts';
import { notifyKeys } from './keys.ts';
import type { NotifySettings, TenantChannel } from './settings.ts';
import type { NotifyDeps } from './types.ts';

const maxChannels = 200;

/** The part of the API that is about channels. */
export function createChannelApi(
  deps: NotifyDeps,
  settings: NotifySettings,
  changed: () => void,
): Pick<NotifyApi, 'channels' | 'putChannel' | 'deleteChannel' | 'testChannel'> {
  const { state, clock, newId } = deps;
  const shown = (name: string, { config, source }: TenantChannel) => ({ name, source, config: redacted(config) });
  const find = async (tenant: string, name: string): Promise<TenantChannel> => {
    const channel = (await settings.channels(tenant)).get(name);
    if (!channel) throw new AppError('NOT_FOUND', `there is no channel "${name}"`);
    return channel;
  };

  return {
    channels: async (tenant) => [...(await settings.channels(tenant))].map(([name, channel]) => shown(name, channel)),
    async putChannel({ tenant, isOperator }, name, config) {
      const named = secretsOf(config).find(({ secret }) => !('value' in secret));
      if (named && !isOperator)
        throw new AppError('SCOPE_MISSING', `${named.path}: only whoever runs the host may name its environment and files; give the value`);
      const masked = secretsOf(config).find(({ secret }) => 'value' in secret && secret.value === '***');
      if (masked) throw new AppError('INVALID_CONFIG', `${masked.path}: "***" is what is shown instead of the value; give the value again`);
      const key = notifyKeys.channel(tenant, name);
      const before = await state.get(key);
      if (!before && (await state.list(notifyKeys.channels(tenant))).length >= maxChannels)
        throw new AppError('RATE_LIMITED', `there are ${maxChannels} channels already; remove some`);
      if ((await state.compareAndSet(key, before?.version ?? 0, config)) === undefined)
        throw new AppError('CONFLICT', 'the channel is being changed by others', { retryAfterS: 1 });
      changed();
      return shown(name, { config, source: 'api', version: 0 });
    },
    async deleteChannel({ tenant }, name) {
      const { source, version } = await find(tenant, name);
      if (source === 'config') throw new AppError('ALREADY_EXISTS', `the channel "${name}" is one of logdrive.yaml: remove it there`);
      const names = [...(await settings.channels(tenant)).keys()].filter((other) => other !== name || deps.defaults.channels[name]);
      try {
        readRouting((await settings.routing(tenant)).routing.config, names);
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        throw new AppError('ALREADY_EXISTS', `the routing tree still names "${name}": change it first`);
      }
      await state.compareAndSet(notifyKeys.channel(tenant, name), version, undefined);
      changed();
    },
    async testChannel({ tenant }, name) {
      const { config } = await find(tenant, name);
      const nowUs = clock.nowMs() * 1000;
      const begunMs = clock.monotonicMs();
      const took = () => Math.round(clock.monotonicMs() - begunMs);
      try {
        const notifier = await deps.open(config, name);
        try {
          await notifier.notify(
            notificationOf(testNotice(name, deps.defaults.externalUrl, nowUs), `test-${newId()}`, nowUs, textsOf(config)),
          );
        } finally {
          await notifier.close();
        }
        return { delivered: true, tookMs: took(), detail: null };
      } catch (error) {
        return { delivered: false, tookMs: took(), detail: failureOf(error).detail };
      }
    },
  };
}

const textsOf = (config: ChannelConfig) => ('subject' in config || 'text' in config ? { subject: config.subject, text: config.text } : {});

/** An alert that is none. */
function testNotice(channel: string, externalUrl: string, nowUs: number): GroupNotice {
  const labels = { alertname: 'test', channel };
  const reason = 'a test of the channel, sent by hand';
  const alert = {
    status: 'firing',
    labels,
    annotations: { summary: reason },
    startsUs: nowUs,
    endsUs: null,
    rule: 'test',
    value: null,
    reason,
  } as const;
  return {
    ...{
      incident: 'test',
      groupKey: `{}:{alertname="test"}`,
      receiver: channel,
      status: 'firing',
      kind: 'test',
      groupLabels: { alertname: 'test' },
    },
    alerts: [{ ...alert, fingerprint: '0000000000000000', episode: `0000000000000000-${nowUs}` }],
    ...{ acknowledgedBy: null, externalUrl },
  };
}
