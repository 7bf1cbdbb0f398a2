import type { Clock } from '../../core/clock.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { hourPrefix } from '../../core/windows/apply.ts';
import { windowsKeptUs } from '../../core/windows/window.ts';

export type RetainWindowsDeps = { state: StateStore; tenants(): Promise<string[]>; clock: Clock };

const hourUs = 3_600_000_000;
/** Records may be written a while after they were observed. */
const graceHours = 24;
/** How far back the first pass of a process looks. */
const firstHours = 14 * 24;

/** Makes the pass that removes items of minutes that are kept no longer; resolves to how many it removed. To be run again and again. */
export function createWindowRetention({ state, tenants, clock }: RetainWindowsDeps): () => Promise<number> {
  let removedTo: number | undefined;
  return async () => {
    const end = Math.floor((clock.nowMs() * 1_000 - windowsKeptUs) / hourUs) - graceHours;
    let removed = 0;
    for (let hour = removedTo ?? end - firstHours; hour < end; hour++) {
      for (const tenant of await tenants()) {
        for (const { key, version } of await state.list(hourPrefix(tenant, hour * hourUs))) {
          if ((await state.compareAndSet(key, version, undefined)) !== undefined) removed++;
        }
      }
      removedTo = hour + 1;
    }
    return removed;
  };
}
