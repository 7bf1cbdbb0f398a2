import { createHash, randomBytes } from 'node:crypto';
import * as z from 'zod';
import { guardedSend } from '../../adapters/send/guarded/guarded-send.ts';
import { type ChannelConfig, channelNamePattern, channelSchema } from '../../alerts/channels/schema.ts';
import { readRouting } from '../../alerts/routing/read-routing.ts';
import { defaultRouting } from '../../alerts/routing/routing.ts';
import { AppError } from '../../core/errors.ts';
import { postJson, receiverUrl } from '../../core/post-json.ts';
import type { NotifyApi } from '../../pipeline/notify/api.ts';
import { createNotifyApi } from '../../pipeline/notify/create-api.ts';
import { startHeartbeats } from '../../pipeline/notify/heartbeats.ts';
import { type NotifyLoop, startNotifyLoop } from '../../pipeline/notify/loop.ts';
import { Notify } from '../../pipeline/notify/notify.ts';
import type { NotifyDeps } from '../../pipeline/notify/types.ts';
import type { NotifyingDeps } from './notifying.ts';
import { openChannel, readSecret } from './open-channel.ts';
import type { AlertSettings } from './settings.ts';

export type BuiltNotify = {
  notify: Notify;
  api: NotifyApi;
  startLoop(): NotifyLoop;
  startHeartbeats(evaluatedMs: () => number | undefined): { stop(): Promise<void> };
};

const consoleName = 'console';

/** Builds notify from what is configured. @throws AppError INVALID_CONFIG with the place in `logdrive.yaml` */
export function buildNotify({ state, clock, log, settings, isAlone, publish }: NotifyingDeps, changed: () => void): BuiltNotify {
  const channels: Record<string, ChannelConfig> = { [consoleName]: { kind: 'console' }, ...channelsOf(settings) };
  const names = Object.keys(channels);
  const routing = settings.routing == null ? defaultRouting(consoleName) : readRouting(settings.routing, names, 'alerts.routing');
  const guard = guardedSend({ allowed: settings.allowAddresses });
  const deps: NotifyDeps = {
    ...{ state, clock, log, isAlone, publish, defaults: { channels, routing, externalUrl: settings.externalUrl } },
    hash: (text) => createHash('sha256').update(text).digest('hex'),
    newId: () => randomBytes(8).toString('hex'),
    open: (config) => openChannel(config, { guard, log, clock }),
  };
  const notify = new Notify(deps);
  return {
    notify,
    api: createNotifyApi(deps, changed),
    startLoop: () => startNotifyLoop(notify, { clock, log }),
    startHeartbeats: (evaluatedMs) =>
      startHeartbeats({
        ...{ state, clock, log, evaluatedMs },
        heartbeats: settings.heartbeats.map(({ name, url, every }) => ({ name, everyMs: every, ping: () => ping(name, url) })),
      }),
  };

  async function ping(name: string, url: AlertSettings['heartbeats'][number]['url']): Promise<void> {
    const to = receiverUrl(typeof url === 'string' ? url : await readSecret(url), `the heartbeat ${name}`);
    await postJson(JSON.stringify({ name, status: 'alive' }), {
      url: to,
      receiver: `the heartbeat ${name}`,
      send: guard.send,
      attempts: 2,
    });
  }
}

function channelsOf({ channels }: AlertSettings): Record<string, ChannelConfig> {
  return Object.fromEntries(
    Object.entries(channels).map(([name, config]) => {
      if (!channelNamePattern.test(name))
        throw new AppError('INVALID_CONFIG', `alerts.channels.${name}: a name has letters, digits, ".", "_" and "-"`);
      const parsed = channelSchema.safeParse(config);
      if (!parsed.success)
        throw new AppError('INVALID_CONFIG', `alerts.channels.${name}: ${z.prettifyError(parsed.error).replace(/\s*\n\s*/g, '; ')}`);
      return [name, parsed.data];
    }),
  );
}
