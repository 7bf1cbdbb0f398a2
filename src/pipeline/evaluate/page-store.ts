import { type Page, readPage, type StoredPage, splitPage, writePage } from '../../alerts/evaluate/page.ts';
import type { OutboxEntry, Transition } from '../../alerts/transition.ts';
import { maxStateWrites, type StateStore, type StateWrite } from '../../core/ports/state-store.ts';
import { dayOf, dayUs } from '../../core/warm/file.ts';
import { ruleKeys } from '../rules/keys.ts';

export type HeldPage = { page: Page; version: number };

/** What stands under one key of the history: transitions, or windows that late data would have decided otherwise. */
export type HistoryEntry = { transitions?: Transition[]; amendments?: Amendment[] };

/** Late data changed a window after it was evaluated: what its end was, and what the rule's condition came to before and after. */
export type Amendment = {
  rule: string;
  labels: Record<string, string>;
  atUs: number;
  was: { holds: boolean; value: number | null };
  is: { holds: boolean; value: number | null };
  noticedUs: number;
};

/** How long history is kept, and looked through. */
export const historyDays = 30;
/** Texts of one value; DynamoDB takes 4 MB a transaction. */
const entryBytes = 240_000;
const pageBytes = 240_000;
const maxEntries = 6;
const maxMarks = 1_000;

/** Why pages were not written: somebody else was first, or they have grown too large and are to be parted. */
export type Committed = 'written' | 'conflict' | 'too large';

/** The pages of alerts in a state store, and what leaves with them: state, watermark, outbox and history in one conditional write. */
export class PageStore {
  readonly #state: StateStore;

  constructor(state: StateStore) {
    this.#state = state;
  }

  async load(tenant: string): Promise<HeldPage[]> {
    const prefix = ruleKeys.pagesOf(tenant);
    return (await this.#state.list<StoredPage>(prefix)).map(({ key, value, version }) => ({
      page: readPage(key.slice(prefix.length), value),
      version,
    }));
  }

  /** Writes a page as it is after some windows, with their transitions. @param markUs the end of a window for which the ledger was behind */
  async commit(tenant: string, held: HeldPage, transitions: readonly Transition[], markUs?: number): Promise<Committed> {
    const { page, version } = held;
    const stored = writePage(page);
    const entries = entriesOf(transitions);
    if (JSON.stringify(stored).length > pageBytes || entries.length > maxEntries) return 'too large';
    const writes: StateWrite[] = [{ key: ruleKeys.page(tenant, page.bits), version, value: stored }];
    for (const [i, entry] of entries.entries()) {
      const { atUs } = entry.transitions[0]!;
      // A window that could not be evaluated at first has its own entry: the same window has another once it is.
      const part = `${page.bits === '' ? 'all' : page.bits}-${markUs === undefined ? '' : 'behind-'}${i}`;
      writes.push({ key: ruleKeys.outbox(tenant, atUs, part), version: 0, value: entry });
      writes.push({ key: ruleKeys.history(tenant, dayOf(atUs), atUs, part), version: 0, value: entry satisfies HistoryEntry });
    }
    if (markUs !== undefined) writes.push(...(await this.#mark(tenant, markUs)));
    const written = writes.length === 1 ? await this.#state.compareAndSet(writes[0]!.key, version, stored) : await this.#transact(writes);
    if (written === undefined) return 'conflict';
    held.version = written;
    return 'written';
  }

  /** Parts a page in two by the next bit; false where somebody else was first. */
  async split(tenant: string, { page, version }: HeldPage, routeOf: (rule: string, fingerprint: string) => string): Promise<boolean> {
    const halves = splitPage(page, routeOf);
    return this.#state.transact([
      { key: ruleKeys.page(tenant, page.bits), version, value: undefined },
      ...halves.map((half) => ({ key: ruleKeys.page(tenant, half.bits), version: 0, value: writePage(half) })),
    ]);
  }

  /** Notes windows that late data would have decided otherwise. */
  async amend(tenant: string, amendments: readonly Amendment[]): Promise<void> {
    const first = amendments[0];
    if (!first) return;
    const part = `late-${first.noticedUs}`;
    const entry: HistoryEntry = { amendments: amendments.slice(0, 500) };
    await this.#state.compareAndSet(ruleKeys.history(tenant, dayOf(first.noticedUs), first.noticedUs, part), 0, entry);
  }

  /** Forgets the history of days before the last `keepDays`; as many as may have been left since it was last asked. */
  async forget(tenant: string, keepDays: number, nowUs: number): Promise<void> {
    for (let day = keepDays + 1; day <= keepDays + 7; day++) {
      const old = await this.#state.list(ruleKeys.historyOf(tenant, dayOf(nowUs - day * dayUs)));
      for (let i = 0; i < old.length; i += maxStateWrites)
        await this.#state.transact(old.slice(i, i + maxStateWrites).map(({ key, version }) => ({ key, version, value: undefined })));
    }
  }

  /** Ends of windows in [fromUs, toUs] for which the ledger was behind. */
  async marks(tenant: string, fromUs: number, toUs: number): Promise<number[]> {
    const marks = (await this.#state.get<number[]>(ruleKeys.behind(tenant)))?.value ?? [];
    return marks.filter((us) => us >= fromUs && us <= toUs);
  }

  /** Writes all or nothing; the version of the first key is read back, and counts only where nobody else has written since. */
  async #transact(writes: StateWrite[]): Promise<number | undefined> {
    if (!(await this.#state.transact(writes))) return undefined;
    const { key, value } = writes[0]!;
    const written = await this.#state.get(key);
    return written && JSON.stringify(written.value) === JSON.stringify(value) ? written.version : undefined;
  }

  async #mark(tenant: string, atUs: number): Promise<StateWrite[]> {
    const key = ruleKeys.behind(tenant);
    const known = await this.#state.get<number[]>(key);
    const marks = known?.value ?? [];
    if (marks.includes(atUs)) return [];
    return [{ key, version: known?.version ?? 0, value: [...marks, atUs].sort((a, b) => a - b).slice(-maxMarks) }];
  }
}

/** Transitions in entries that fit a key, in order. */
function entriesOf(transitions: readonly Transition[]): OutboxEntry[] {
  const entries: OutboxEntry[] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const transition of transitions) {
    const length = JSON.stringify(transition).length + 1;
    if (bytes + length > entryBytes) {
      entries.push({ transitions: [] });
      bytes = 0;
    }
    entries.at(-1)!.transitions.push(transition);
    bytes += length;
  }
  return entries;
}
