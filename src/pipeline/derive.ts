import { createHash } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import type { StateStore } from '../core/ports/state-store.ts';
import type { ObjectBytes, WarmStore } from '../core/ports/warm-store.ts';
import { dayStartUs, dayUs, hourUs } from '../core/warm/file.ts';
import type { TenantDayHead } from '../core/warm/tenant-day.ts';
import type { Catalogue } from './catalogue.ts';

/** One hour (0 to 23, UTC, event time) of a tenant. */
export type TenantHour = { tenant: string; day: string; hour: number };

/** A kind of object that is made from the records of an hour. */
export type Derivation = {
  kind: string;
  nameOf(hour: TenantHour): string;
  make(hour: TenantHour): Promise<ObjectBytes>;
  /** After how many days it goes, whatever becomes of the records; never where absent. */
  keepDays?: number;
  /** Whether the object goes when the records of its hour are gone. */
  expires: boolean;
};

export type DeriveDeps = {
  state: StateStore;
  catalogue: Catalogue;
  warm: WarmStore;
  clock: Clock;
  hourDelayMs: number;
  /** Whether another object may be begun; always when absent. */
  mayGoOn?: () => boolean;
};

/** From which contents each hour's object was made. */
type Made = Record<string, string>;

/**
 * Keeps derived objects in step with the compacted files of their hours: made once an hour is over, made again when its contents have changed
 * (late data, an erasure), left alone otherwise. Equal rows compact to equal bytes, so contents are told apart by the names of files.
 * Resolves to how many objects were written.
 */
export async function derive(
  derivation: Derivation,
  { state, catalogue, warm, clock, hourDelayMs, mayGoOn = () => true }: DeriveDeps,
): Promise<number> {
  const overUs = (clock.nowMs() - hourDelayMs) * 1_000 - hourUs;
  let written = 0;
  for (const { tenant, days } of await catalogue.tenants()) {
    for (const head of await catalogue.days(tenant, days)) {
      const key = `derived/${derivation.kind}/${tenant}/${head.day}`;
      const made = await state.get<Made>(key);
      const isOver = derivation.keepDays !== undefined && dayStartUs(head.day) + (derivation.keepDays + 1) * dayUs <= clock.nowMs() * 1_000;
      const contents = isOver ? new Map<number, string>() : contentsOf(head, overUs);
      const next: Made = { ...made?.value };
      for (const [hour, content] of contents) {
        if (next[hour] === content || !mayGoOn()) continue;
        const place = { tenant, day: head.day, hour };
        await warm.replace(derivation.nameOf(place), await derivation.make(place));
        next[hour] = content;
        written++;
      }
      for (const hour of Object.keys(next).map(Number)) {
        if (!isOver && (!derivation.expires || head.files.some((file) => file.hour === hour))) continue;
        await warm.remove(derivation.nameOf({ tenant, day: head.day, hour }));
        delete next[hour];
      }
      if (JSON.stringify(next) !== JSON.stringify(made?.value ?? {})) await state.compareAndSet(key, made?.version ?? 0, next);
    }
  }
  return written;
}

/** What is in each hour that is over: a digest of the contents of its files. */
function contentsOf({ day, files }: TenantDayHead, overUs: number): Map<number, string> {
  const contents = new Map<number, string>();
  for (const [hour, ofHour] of Map.groupBy(files, (file) => file.hour)) {
    if (dayStartUs(day) + hour * hourUs > overUs) continue;
    const hashes = ofHour.map(({ name }) => name.slice(name.lastIndexOf('/') + 1).slice(0, 32)).sort();
    contents.set(hour, createHash('sha256').update(hashes.join()).digest('hex').slice(0, 16));
  }
  return contents;
}

/** Two digits of an hour. */
export const hourText = (hour: number): string => String(hour).padStart(2, '0');

/** The event times of an hour, epoch microseconds. */
export function hourRange({ day, hour }: TenantHour): { fromUs: number; toUs: number } {
  const fromUs = dayStartUs(day) + hour * hourUs;
  return { fromUs, toUs: fromUs + hourUs };
}
