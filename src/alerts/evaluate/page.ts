import type { AlertEntry } from './decide.ts';
import { hash64 } from './fingerprint.ts';

/**
 * The alerts of a tenant that share one key of the state store, those whose route begins with `bits`, and up to which window they are evaluated (the
 * end of the last one). `unknown` names, where the ledger is behind, the rules that were said to be unknown though they had no alert.
 */
export type Page = {
  bits: string;
  evaluatedUs: number;
  unknown: string[] | undefined;
  /** By rule, then by fingerprint. */
  alerts: Map<string, Map<string, AlertEntry>>;
};

/** As a page is stored: `[rule, fingerprint, group, is firing, started, held, value]` for each alert. */
export type StoredPage = {
  evaluatedUs: number;
  unknown?: string[];
  alerts: [rule: string, fingerprint: string, group: string, isFiring: 0 | 1, startedUs: number, heldUs: number, value: number | null][];
};

export const emptyPage = (bits: string, evaluatedUs: number): Page => ({ bits, evaluatedUs, unknown: undefined, alerts: new Map() });

export function readPage(bits: string, { evaluatedUs, unknown, alerts }: StoredPage): Page {
  const page: Page = { bits, evaluatedUs, unknown, alerts: new Map() };
  for (const [rule, fingerprint, group, isFiring, startedUs, heldUs, value] of alerts)
    entriesOf(page, rule).set(fingerprint, { group, state: isFiring ? 'firing' : 'pending', startedUs, heldUs, value });
  return page;
}

export function writePage({ evaluatedUs, unknown, alerts }: Page): StoredPage {
  const rows: StoredPage['alerts'] = [];
  for (const [rule, entries] of alerts) {
    for (const [fingerprint, { group, state, startedUs, heldUs, value }] of entries)
      rows.push([rule, fingerprint, group, state === 'firing' ? 1 : 0, startedUs, heldUs, value]);
  }
  return { evaluatedUs, ...(unknown ? { unknown } : {}), alerts: rows };
}

/** The alerts of one rule, made where there are none. */
export function entriesOf({ alerts }: Page, rule: string): Map<string, AlertEntry> {
  let entries = alerts.get(rule);
  if (!entries) {
    entries = new Map();
    alerts.set(rule, entries);
  }
  return entries;
}

/** Parts a page that has grown too large in two, by the next bit of the routes. */
export function splitPage(page: Page, routeOf: (rule: string, fingerprint: string) => string): [Page, Page] {
  const halves = ['0', '1'].map((bit) => ({ ...emptyPage(page.bits + bit, page.evaluatedUs), unknown: page.unknown })) as [Page, Page];
  for (const [rule, entries] of page.alerts) {
    for (const [fingerprint, entry] of entries) {
      const bit = routeOf(rule, fingerprint)[page.bits.length] === '1' ? 1 : 0;
      entriesOf(halves[bit], rule).set(fingerprint, entry);
    }
  }
  return halves;
}

/** The 32 bits by which alerts find their page: of the alert itself, or of the rules it is kept together with. */
export function routeOf(home: string | undefined, fingerprint: string): string {
  const digits = home === undefined ? fingerprint : hash64(home);
  return Number.parseInt(digits.slice(0, 8), 16).toString(2).padStart(32, '0');
}
