import { AppError } from '../../core/errors.ts';
import type { Json } from '../ast/json.ts';
import { childPath } from './json-places.ts';

const maxDepth = 200;
const space = /(?:[\s,]|;[^\n]*)*/y;
const text = /"((?:\\[\s\S]|[^"\\])*)"/y;
const word = /[^\s,()[\]{}";\\]+/y;
const number = /^[+-]?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?[NM]?$/;
const escapes: Record<string, string> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', '\\': '\\', '"': '"' };
const closing: Record<string, string> = { '[': ']', '(': ')', '#{': '}' };

/**
 * Reads EDN (github.com/edn-format/edn) as the JSON it stands for: keywords and symbols are texts, and a `-` in a keyword is `_`; vectors, lists
 * and sets are lists; `nil` is null, `#inst "…"` its text. What a query has no use for (characters, ratios, other tags) is refused.
 * `places` is told where each value begins, by its path.
 * @throws AppError INVALID_QUERY with `at`, the offset in the text
 */
export function parseEdn(edn: string, places?: Map<string, number>): Json {
  const reader = new EdnReader(edn, places);
  const value = reader.value();
  reader.end();
  return value;
}

class EdnReader {
  readonly #edn: string;
  #at = 0;
  #depth = 0;
  #path = '';
  readonly #places: Map<string, number> | undefined;

  constructor(edn: string, places: Map<string, number> | undefined) {
    this.#edn = edn;
    this.#places = places;
  }

  value(): Json {
    if (++this.#depth > maxDepth) this.#refuse(`forms nest ${maxDepth} deep at most`);
    const value = this.#form();
    this.#depth--;
    return value;
  }

  #form(): Json {
    this.#skip();
    const at = this.#at;
    const char = this.#edn[at];
    if (!this.#places?.has(this.#path)) this.#places?.set(this.#path, at);
    if (char === undefined) this.#refuse('a form is missing here');
    if (char === '"') return this.#text();
    if (char === '[' || char === '(') return this.#list(char);
    if (char === '{') return this.#map();
    if (char === '#') return this.#dispatched();
    const found = this.#match(word);
    if (!found)
      this.#refuse(char === '\\' ? 'a character has no meaning here; write a text' : `this ${JSON.stringify(char)} closes nothing`);
    return this.#atom(found[0], at);
  }

  /** Sees to it that nothing is left. */
  end(): void {
    this.#skip();
    if (this.#at < this.#edn.length) this.#refuse('one form is a query, and it has ended here');
  }

  #atom(written: string, at: number): Json {
    if (written === 'nil') return null;
    if (written === 'true' || written === 'false') return written === 'true';
    if (written.startsWith(':')) {
      return written.length > 1 ? written.slice(1).replaceAll('-', '_') : this.#refuse('a keyword has a name, like :level', at);
    }
    if (number.test(written)) return Number(written.replace(/[NM]$/, ''));
    if (/^[+-]?\d/.test(written)) this.#refuse(`${written} is no number that a query takes`, at);
    return written;
  }

  #text(): string {
    const at = this.#at;
    const found = this.#match(text) ?? this.#refuse('this quote is not closed', at);
    return found[1]!.replace(/\\(u[0-9a-fA-F]{4}|[\s\S])/g, (_, escaped: string) => {
      if (escaped.length > 1) return String.fromCharCode(Number.parseInt(escaped.slice(1), 16));
      return escapes[escaped] ?? this.#refuse(`"\\${escaped}" is no escape; write \\\\ for a backslash`, at);
    });
  }

  #list(open: string): Json[] {
    const at = this.#at;
    this.#at += open.length;
    const items: Json[] = [];
    while (!this.#closes(closing[open]!, at)) items.push(this.#within(`${this.#path}[${items.length}]`));
    return items;
  }

  #map(): Json {
    const at = this.#at++;
    const entries = new Map<string, Json>();
    while (!this.#closes('}', at)) {
      const keyAt = this.#at;
      const key = this.#within('#key');
      if (typeof key !== 'string') return this.#refuse('a key is a keyword or a text', keyAt);
      if (entries.has(key)) this.#refuse(`the key ${JSON.stringify(key)} is there twice`, keyAt);
      if (this.#closes('}', at)) this.#refuse(`the key ${JSON.stringify(key)} has no value`, keyAt);
      entries.set(key, this.#within(childPath(this.#path, key)));
    }
    return Object.fromEntries(entries);
  }

  /** The next value, at a path. */
  #within(path: string): Json {
    const around = this.#path;
    this.#path = path;
    const value = this.value();
    this.#path = around;
    return value;
  }

  #dispatched(): Json {
    const at = this.#at;
    if (this.#edn.startsWith('#{', at)) return this.#list('#{');
    this.#at++;
    const tag = this.#match(word)?.[0];
    if (tag !== 'inst') return this.#refuse(`#${tag ?? ''} is no tag that a query takes; #inst "2026-11-21T08:00:00Z" is`, at);
    return this.value();
  }

  /** Whether the collection that began at `openAt` ends here. */
  #closes(close: string, openAt: number): boolean {
    this.#skip();
    const char = this.#edn[this.#at];
    if (char === undefined) this.#refuse(`this ${JSON.stringify(this.#edn[openAt])} is not closed`, openAt);
    if (char !== close) return false;
    this.#at++;
    return true;
  }

  /** Skips space, commas, comments, and forms behind `#_`. */
  #skip(): void {
    for (;;) {
      this.#match(space);
      if (!this.#edn.startsWith('#_', this.#at)) return;
      this.#at += 2;
      this.#within('#left out');
    }
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#edn);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }

  #refuse(problem: string, at = this.#at): never {
    throw new AppError('INVALID_QUERY', `at character ${at + 1}: ${problem}`, { at });
  }
}
