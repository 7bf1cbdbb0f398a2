import { recordJson } from '../core/record-json.ts';
import { everything } from '../query/ast/expression.ts';
import type { SearchPlan, SearchResult, SortKey } from '../query/plan.ts';
import { type Derivation, hourRange, hourText, type TenantHour } from './derive.ts';

const recordsAPage = 5_000;

/** The object of an hour's records as text, in its tenant's folder. */
export const hourLogName = ({ tenant, day, hour }: TenantHour): string => `tenant=${tenant}/logs/${day}/${hourText(hour)}.log.json`;

/** Hourly logs as NDJSON, oldest first, for readers of text files: `warm.format: ndjson`. They go with the records that they repeat. */
export const hourLogs = (search: (plan: SearchPlan) => Promise<SearchResult>): Derivation => ({
  kind: 'logs',
  nameOf: hourLogName,
  expires: true,
  make: async (place) => linesOf(place, search),
});

async function* linesOf(place: TenantHour, search: (plan: SearchPlan) => Promise<SearchResult>): AsyncGenerator<Uint8Array> {
  const plan = { tenant: place.tenant, time: hourRange(place), where: everything, order: 'asc', limit: recordsAPage } as const;
  const encoder = new TextEncoder();
  let after: SortKey | undefined;
  do {
    const { records } = await search(after ? { ...plan, after } : plan);
    if (records.length > 0) yield encoder.encode(records.map((record) => `${JSON.stringify(recordJson(record))}\n`).join(''));
    after = records.length === recordsAPage ? records.at(-1) : undefined;
  } while (after);
}
