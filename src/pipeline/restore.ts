import type { Clock } from '../core/clock.ts';
import { AppError } from '../core/errors.ts';
import type { ColdStore, RestoreSpeed } from '../core/ports/cold-store.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { Catalogue } from './catalogue.ts';

/** Days of event time to bring back, both included, and for how many days copies stay. */
export type RestoreRequest = { tenant: string; from: string; to: string; days: number; speed: RestoreSpeed };

/** How far a day has come. Times are epoch milliseconds; `readableUntilMs` of the first copy that goes. */
export type RestoredDay = {
  tenant: string;
  day: string;
  state: 'coming' | 'ready';
  files: number;
  ready: number;
  requestedMs: number;
  readableUntilMs: number | undefined;
  days: number;
  speed: RestoreSpeed;
};

export type RestoreDeps = { catalogue: Catalogue; cold: ColdStore; state: StateStore; clock: Clock };

export type Restore = {
  /** Asks for every cold file of the days; those that can be read already are left alone. @throws AppError INVALID_PARAMETER */
  request(request: RestoreRequest): Promise<RestoredDay[]>;
  /** Looks how far every day that was asked for has come; forgets those whose copies have gone. */
  check(): Promise<RestoredDay[]>;
};

const prefix = 'restore/';
const dayPattern = /^\d{4}-\d{2}-\d{2}$/;
const maxDays = 365;
const atOnce = 16;

/** Brings files back that lifecycle rules have moved into an archive. Queries find them by the same heads as before. */
export function createRestore({ catalogue, cold, state, clock }: RestoreDeps): Restore {
  const filesOf = async (tenant: string, day: string): Promise<string[]> =>
    (await catalogue.days(tenant, [day])).flatMap(({ files }) => files.map(({ name }) => name));

  /** What a day's files are now; asks for the cold ones. A file that was compacted again meanwhile is asked for under its new name. */
  async function look(day: Pick<RestoredDay, 'tenant' | 'day' | 'requestedMs' | 'days' | 'speed'>): Promise<RestoredDay> {
    const names = await filesOf(day.tenant, day.day);
    const until: number[] = [];
    let ready = 0;
    for (let at = 0; at < names.length; at += atOnce) {
      await Promise.all(
        names.slice(at, at + atOnce).map(async (name) => {
          const coldness = await cold.coldness(name);
          if (coldness.state === 'cold') await cold.bringBack(name, day.days, day.speed);
          if (coldness.state !== 'readable') return;
          ready++;
          if (coldness.untilMs !== undefined) until.push(coldness.untilMs);
        }),
      );
    }
    const readableUntilMs = until.length > 0 ? Math.min(...until) : undefined;
    return { ...day, state: ready === names.length ? 'ready' : 'coming', files: names.length, ready, readableUntilMs };
  }

  async function note(day: RestoredDay): Promise<void> {
    const key = `${prefix}${day.tenant}/${day.day}`;
    const stored = await state.get<RestoredDay>(key);
    await state.compareAndSet(key, stored?.version ?? 0, day);
  }

  return {
    async request({ tenant, from, to, days, speed }) {
      check({ from, to, days });
      const listed = (await catalogue.tenants()).find((each) => each.tenant === tenant)?.days ?? [];
      const found: RestoredDay[] = [];
      for (const day of listed.filter((each) => each >= from && each <= to).sort()) {
        const restored = await look({ tenant, day, requestedMs: clock.nowMs(), days, speed });
        await note(restored);
        found.push(restored);
      }
      return found;
    },
    async check() {
      const found: RestoredDay[] = [];
      for (const { key, value, version } of await state.list<RestoredDay>(prefix)) {
        const endMs = value.readableUntilMs ?? (value.state === 'ready' ? value.requestedMs + value.days * 86_400_000 : undefined);
        if (endMs !== undefined && endMs < clock.nowMs()) {
          await state.compareAndSet(key, version, undefined);
          continue;
        }
        const restored = await look(value);
        await note(restored);
        found.push(restored);
      }
      return found;
    },
  };
}

function check({ from, to, days }: Pick<RestoreRequest, 'from' | 'to' | 'days'>): void {
  for (const day of [from, to]) {
    if (!dayPattern.test(day) || Number.isNaN(Date.parse(day)))
      throw new AppError('INVALID_PARAMETER', `"${day.slice(0, 40)}" is no day; give it as 2026-11-21`);
  }
  if (from > to) throw new AppError('INVALID_PARAMETER', `from ${from} is after to ${to}`);
  if (!Number.isInteger(days) || days < 1 || days > maxDays) throw new AppError('INVALID_PARAMETER', `days: 1 to ${maxDays}`);
}
