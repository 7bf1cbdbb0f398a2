import { Notifying } from '../../src/compose/embedded/notifying.ts';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { StateStore } from '../../src/core/ports/state-store.ts';
import type { NotifyApi } from '../../src/pipeline/notify/api.ts';

/** What a host has of notify, over a store. */
export function notifyApi(state: StateStore): () => Promise<NotifyApi> {
  const settings = { externalUrl: 'http://127.0.0.1:4318', channels: {}, routing: undefined, allowAddresses: [], heartbeats: [] };
  const notifying = new Notifying({
    state,
    clock: systemClock,
    log: silentLog,
    settings,
    isAlone: true,
    publish: async () => {},
    isAsleep: true,
  });
  return () => notifying.api();
}
