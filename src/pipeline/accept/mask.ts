import type { MaskSettings } from '../../core/mask-settings.ts';
import type { LogRecord } from '../../core/record.ts';
import { cardAct } from './mask-cards.ts';
import type { MaskJob } from './mask-cover.ts';
import { isSecretName, nameTriggers } from './mask-names.ts';
import { mailTrigger, secretTriggers } from './mask-patterns.ts';
import { buildScanner, isSuspicious, type Scanner, scan, type Trigger } from './mask-scan.ts';
import { printable, unescapeAscii } from './mask-unescape.ts';

export { defaultMaskSettings, type MaskSettings, noMask } from '../../core/mask-settings.ts';

/** How many secrets of each kind were covered: `name`, `bearer`, `url_password`, `aws_key`, `jwt`, `private_key`, `vendor_token`, `card`, `email`. */
export type MaskCounts = Record<string, number>;

/**
 * Covers secrets in the bytes of a JSON or NDJSON body with `*`, in place, before it is parsed or stored: the length, the structure and every
 * other value stay, and what was JSON still is. Numbers, arrays and objects under a secret name become `0` or `null` and spaces.
 * A body that spells printable ASCII as `\u00xx` comes back as a new, shorter buffer without such spellings; all others as the same one.
 * In NDJSON a value that is left open ends with its line. Doing it twice is doing it once.
 */
export function mask(
  body: Uint8Array,
  settings: MaskSettings,
  format: 'json' | 'ndjson' = 'json',
): { masked: Uint8Array; counts: MaskCounts } {
  const job: MaskJob = { bytes: body, lines: format === 'ndjson', counts: {}, restart: false, ahead: 0 };
  const { scanner, rescanner } = scannersOf(settings);
  if (scanner) scan(scanner, job);
  if (job.restart) {
    job.bytes = unescapeAscii(body);
    job.restart = false;
    scan(rescanner!, job);
  }
  return { masked: job.bytes, counts: job.counts };
}

/** Covers secrets in one text, as `mask` does inside a JSON string. */
export function maskText(text: string, settings: MaskSettings): string {
  const { rescanner } = scannersOf(settings);
  if (!rescanner || !isSuspicious(rescanner, text)) return text;
  const { masked, counts } = mask(Buffer.from(JSON.stringify(text)), settings);
  return Object.keys(counts).length === 0 ? text : JSON.parse(Buffer.from(masked.buffer, masked.byteOffset, masked.length).toString());
}

/**
 * Covers secrets in a record, in place, and tells how many values changed: after `process` has parsed fields out of texts, and before a dead
 * letter is kept. `changed` names the attributes to look at, and no text but theirs; without it everything is looked at.
 */
export function maskRecord(record: LogRecord, settings: MaskSettings, changed?: readonly string[]): number {
  const { isSecret, rescanner } = scannersOf(settings);
  if (!rescanner) return 0;
  const { attributes } = record;
  const keys = changed ?? Object.keys(attributes);
  const fields = changed ? [] : textFields;
  const isWorthIt = isSuspicious(rescanner, textsOf(record, keys, fields));
  let masked = 0;
  for (const key of keys) {
    const value = attributes[key];
    if (value === undefined || typeof value === 'boolean') continue;
    const covered = isSecret(key) ? coverWhole(value) : isWorthIt && typeof value === 'string' ? maskText(value, settings) : value;
    if (covered === value) continue;
    attributes[key] = covered;
    masked++;
  }
  for (const field of isWorthIt ? fields : []) {
    const text = record[field];
    const covered = text === undefined ? undefined : maskText(text, settings);
    if (covered === undefined || covered === text) continue;
    record[field] = covered;
    masked++;
  }
  return masked;
}

const textFields = ['message', 'service', 'host', 'env'] as const;

/** Texts of a record as one, to look at them in one go. */
function textsOf(record: LogRecord, keys: readonly string[], fields: readonly (typeof textFields)[number][]): string {
  let texts = '';
  for (const field of fields) if (record[field] !== undefined) texts += `${record[field]}\n`;
  for (const key of keys) if (typeof record.attributes[key] === 'string') texts += `${record.attributes[key]}\n`;
  return texts;
}

const coverWhole = (value: string | number): string | number => (typeof value === 'number' ? 0 : '*'.repeat(value.length));

type Scanners = { scanner: Scanner | undefined; rescanner: Scanner | undefined; isSecret: (key: string) => boolean };
const cache = new WeakMap<MaskSettings, Scanners>();

function scannersOf(settings: MaskSettings): Scanners {
  const known = cache.get(settings);
  if (known) return known;
  const made = buildScanners(settings);
  cache.set(settings, made);
  return made;
}

/** The scanner of a body as it comes, which stops at the first ASCII escape, and the one that goes over it again without them. */
function buildScanners(settings: MaskSettings): Scanners {
  const triggers: Trigger[] = [
    ...nameTriggers(settings.names),
    ...(settings.patterns ? secretTriggers() : []),
    ...(settings.emails ? [mailTrigger] : []),
  ];
  if (triggers.length === 0 && !settings.cards) return { scanner: undefined, rescanner: undefined, isSecret: () => false };
  const escapes: Trigger = {
    text: '\\u00',
    anyCase: false,
    act: (job, at) => {
      if (printable(job.bytes, at + 2) >= 0) job.restart = true;
    },
  };
  const digits = settings.cards ? cardAct() : undefined;
  return {
    scanner: buildScanner([...triggers, escapes], digits),
    rescanner: buildScanner(triggers, digits),
    isSecret: remember((key) => isSecretName(settings.names, key)),
  };
}

/** Keeps the answers for the few keys that come again and again. */
function remember(test: (key: string) => boolean): (key: string) => boolean {
  const answers = new Map<string, boolean>();
  return (key) => {
    let answer = answers.get(key);
    if (answer === undefined) {
      answer = test(key);
      if (answers.size < 10_000) answers.set(key, answer);
    }
    return answer;
  };
}
