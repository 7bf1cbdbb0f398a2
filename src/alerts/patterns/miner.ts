import { commonToken, keyOf, tokensOf, wildcard } from './tokens.ts';

/** A kind of message: its words, with wildcards where they vary. Plain data, as it is stored. Times are epoch microseconds, of event time. */
export type Pattern = {
  /** Of its first message: it stays while the pattern widens. 8 hex digits. */
  id: string;
  tokens: string[];
  /** Which part of the tree it hangs in. */
  leaf: string;
  count: number;
  services: Record<string, number>;
  levels: Record<string, number>;
  firstUs: number;
  lastUs: number;
  /** When it was met first, by observed time: what `new` goes by, since old records come late. */
  metUs: number;
  sample: string;
  sampleIds: string[];
};

/** A message to be grouped. */
export type Message = { id: string; message: string; service: string; level: string; timestampUs: number; observedUs: number };

/** What a miner has learnt: `forgotten` counts patterns that made room. */
export type Mined = { patterns: Pattern[]; forgotten: number };

/** Bounds: all that is learnt of a tenant fits one value of the state store. */
export const maxPatterns = 500;
const maxFirst = 100;
const maxSecond = 50;
const maxServices = 10;
const maxSamples = 3;
const maxSampleLength = 200;
/** The share of a pattern's fixed words that a message must have in their places. */
const alike = 0.65;
const otherService = 'other';

/**
 * Groups messages by their shape, one by one: by their number of words, then their first two, then by how many words they share with a pattern that
 * hangs there. After Drain (He et al., ICWS 2017: https://jiemingzhu.github.io/pub/pjhe_icws2017.pdf). The same messages in the same order give the
 * same patterns. Takes bounded memory: where there is no room, the pattern that was not met for longest is forgotten.
 */
export class PatternMiner {
  readonly #leaves = new Map<string, Pattern[]>();
  readonly #children = new Map<string, Set<string>>();
  #size = 0;
  #forgotten: number;

  constructor(mined: Mined = { patterns: [], forgotten: 0 }) {
    this.#forgotten = mined.forgotten;
    for (const pattern of mined.patterns) this.#hang(structuredClone(pattern));
  }

  /** Puts a message to its pattern, or makes one of it; tells which, and whether it is new. */
  add({ id, message, service, level, timestampUs, observedUs }: Message): { pattern: Pattern; isNew: boolean } {
    const tokens = tokensOf(message);
    const leaf = this.#leafOf(tokens);
    const found = this.#find(leaf, tokens);
    const pattern = found ?? this.#make(leaf, tokens, message, timestampUs, observedUs);
    if (found) widen(found, tokens);
    pattern.count++;
    countIn(pattern.services, service, maxServices);
    countIn(pattern.levels, level, maxServices);
    pattern.firstUs = Math.min(pattern.firstUs, timestampUs);
    pattern.lastUs = Math.max(pattern.lastUs, timestampUs);
    if (pattern.sampleIds.length < maxSamples) pattern.sampleIds.push(id);
    return { pattern, isNew: !found };
  }

  /** Adds what another has learnt from other messages. */
  merge({ patterns, forgotten }: Mined): void {
    this.#forgotten += forgotten;
    for (const other of patterns) {
      const leaf = this.#leafOf(other.tokens);
      const found = this.#find(leaf, other.tokens);
      if (!found) {
        this.#makeRoom();
        this.#hang({ ...structuredClone(other), leaf });
        continue;
      }
      widen(found, other.tokens);
      found.count += other.count;
      for (const [name, n] of Object.entries(other.services)) countIn(found.services, name, maxServices, n);
      for (const [name, n] of Object.entries(other.levels)) countIn(found.levels, name, maxServices, n);
      found.firstUs = Math.min(found.firstUs, other.firstUs);
      found.lastUs = Math.max(found.lastUs, other.lastUs);
      found.metUs = Math.min(found.metUs, other.metUs);
      found.sampleIds = [...new Set([...found.sampleIds, ...other.sampleIds])].slice(0, maxSamples);
    }
  }

  /** What is learnt, the most frequent first. */
  get mined(): Mined {
    const patterns = [...this.#leaves.values()].flat();
    return { patterns: patterns.sort((a, b) => b.count - a.count || (a.id < b.id ? -1 : 1)), forgotten: this.#forgotten };
  }

  #leafOf(tokens: string[]): string {
    const length = String(tokens.length);
    const first = this.#child(length, keyOf(tokens[0]!), maxFirst);
    const second = tokens.length > 2 ? this.#child(`${length} ${first}`, keyOf(tokens[1]!), maxSecond) : '';
    return `${length} ${first} ${second}`;
  }

  /** The branch of a word; one for all others where there are many already: then words vary there. */
  #child(parent: string, token: string, max: number): string {
    const known = this.#children.get(parent);
    if (known?.has(token)) return token;
    return (known?.size ?? 0) < max ? token : wildcard;
  }

  #find(leaf: string, tokens: string[]): Pattern | undefined {
    let best: Pattern | undefined;
    let bestShare = -1;
    for (const pattern of this.#leaves.get(leaf) ?? []) {
      const share = sharedOf(pattern.tokens, tokens);
      if (share >= alike && share > bestShare) [best, bestShare] = [pattern, share];
    }
    return best;
  }

  #make(leaf: string, tokens: string[], message: string, timestampUs: number, observedUs: number): Pattern {
    this.#makeRoom();
    const pattern: Pattern = {
      ...{ id: hash(tokens.join(' ')), tokens, leaf, count: 0, services: {}, levels: {} },
      ...{ firstUs: timestampUs, lastUs: timestampUs, metUs: observedUs, sample: message.slice(0, maxSampleLength), sampleIds: [] },
    };
    this.#hang(pattern);
    return pattern;
  }

  #hang(pattern: Pattern): void {
    const [length = '', first = '', second = ''] = pattern.leaf.split(' ');
    for (const [parent, token] of [[length, first] as const, [`${length} ${first}`, second] as const]) {
      this.#children.set(parent, (this.#children.get(parent) ?? new Set()).add(token));
    }
    this.#leaves.set(pattern.leaf, [...(this.#leaves.get(pattern.leaf) ?? []), pattern]);
    this.#size++;
  }

  #makeRoom(): void {
    if (this.#size < maxPatterns) return;
    const oldest = [...this.#leaves.values()]
      .flat()
      .reduce((a, b) => (b.lastUs < a.lastUs || (b.lastUs === a.lastUs && b.id < a.id) ? b : a));
    const left = this.#leaves.get(oldest.leaf)!.filter((pattern) => pattern !== oldest);
    if (left.length > 0) this.#leaves.set(oldest.leaf, left);
    else {
      this.#leaves.delete(oldest.leaf);
      const [length = '', first = '', second = ''] = oldest.leaf.split(' ');
      this.#children.get(`${length} ${first}`)?.delete(second);
    }
    this.#size--;
    this.#forgotten++;
  }
}

/** The share of a pattern's fixed words that a message has in their places; values of one key count half. */
function sharedOf(pattern: string[], tokens: string[]): number {
  let fixed = 0;
  let same = 0;
  for (let i = 0; i < pattern.length; i++) {
    if (pattern[i] === wildcard) continue;
    fixed++;
    if (pattern[i] === tokens[i]) same++;
    else if (commonToken(pattern[i]!, tokens[i]!) !== wildcard) same += 0.5;
  }
  return fixed === 0 ? (tokens.every((token) => token === wildcard) ? 1 : 0) : same / fixed;
}

function widen(pattern: Pattern, tokens: string[]): void {
  for (let i = 0; i < tokens.length; i++) pattern.tokens[i] = commonToken(pattern.tokens[i]!, tokens[i]!);
}

function countIn(counts: Record<string, number>, name: string, max: number, n = 1): void {
  const key = Object.hasOwn(counts, name) || Object.keys(counts).length < max ? name : otherService;
  counts[key] = (counts[key] ?? 0) + n;
}

/** FNV-1a over UTF-16 code units, as 8 hex digits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): string {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return (value >>> 0).toString(16).padStart(8, '0');
}
