import { AppError } from '../../core/errors.ts';

/**
 * A part of a query line. `word`: characters up to a space, quote or parenthesis, as written (`text`) and with escapes resolved (`plain`); `field`: a
 * name and the operator that follows it; `call`: a name with an opening parenthesis.
 */
export type Token =
  | { kind: 'open' | 'close' | 'comma' | 'minus' | 'pipe' | 'end'; at: number }
  | { kind: 'word'; text: string; plain: string; at: number }
  | { kind: 'quoted'; text: string; at: number }
  | { kind: 'regex'; text: string; at: number }
  | { kind: 'field'; name: string; operator: ':' | '=' | '!=' | '>' | '>=' | '<' | '<='; at: number }
  | { kind: 'call'; name: string; at: number };

/** Refuses a query line at an offset. */
export function refuseAt(at: number, problem: string): never {
  throw new AppError('INVALID_QUERY', `at character ${at + 1}: ${problem}`, { at });
}

const space = /\s*/y;
/** A comparison may have spaces around it, a colon may not: `latency_ms > 500`, `level:error`. */
const field = /(?!(?:AND|OR|NOT)\s)([A-Za-z_@$][\w.@$/-]*)(?:(:)|\s*(!=|>=|<=|=|>|<)\s*)/y;
const call = /([a-z]+)\(/y;
const word = /(?:\\[\s\S]|[^\s()|"\\])+/y;
const operandWord = /(?:\\[\s\S]|[^\s(),|"\\])+/y;
const quoted = /"((?:\\[\s\S]|[^"\\])*)"/y;
const regex = /\/((?:\\[\s\S]|[^/\\])*)\/(?=[\s()|]|$)/y;

/** Reads tokens of a query line one after the other. */
export class Lexer {
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
  }

  /** The next token where a condition may begin. */
  next(): Token {
    this.#skip(space);
    const at = this.#at;
    const char = this.#line[at];
    const simple = this.#simple(char, at);
    if (simple) return simple;
    if (char === '-' && this.#line[at + 1] !== undefined && !/\s/.test(this.#line[at + 1]!)) return this.#step({ kind: 'minus', at });
    const named = this.#match(field);
    if (named) return { kind: 'field', name: named[1]!, operator: (named[2] ?? named[3]) as ':', at };
    const called = this.#match(call);
    if (called) return { kind: 'call', name: called[1]!, at };
    return this.#word(word, at);
  }

  /** The next token where a value is due, right behind its operator. */
  value(): Token {
    const at = this.#at;
    const pattern = this.#match(regex);
    if (pattern) return { kind: 'regex', text: pattern[1]!.replace(/\\\//g, '/'), at };
    return this.#simple(this.#line[at], at) ?? this.#word(word, at);
  }

  /** The next token between the parentheses of a call, and behind a pipe. */
  operand(): Token {
    this.#skip(space);
    const at = this.#at;
    if (this.#line[at] === ',') return this.#step({ kind: 'comma', at });
    return this.#simple(this.#line[at], at) ?? this.#word(operandWord, at);
  }

  /** Goes back to read a token again, in another place of the grammar. */
  back(token: Token): void {
    this.#at = token.at;
  }

  #simple(char: string | undefined, at: number): Token | undefined {
    if (char === undefined) return { kind: 'end', at };
    if (char === '(') return this.#step({ kind: 'open', at });
    if (char === ')') return this.#step({ kind: 'close', at });
    if (char === '|') return this.#step({ kind: 'pipe', at });
    if (char !== '"') return undefined;
    const found = this.#match(quoted) ?? refuseAt(at, 'this quote is not closed; write \\" for the character');
    return { kind: 'quoted', text: found[1]!.replace(/\\(["\\])/g, '$1'), at };
  }

  #word(pattern: RegExp, at: number): Token {
    const found = this.#match(pattern) ?? refuseAt(at, 'a word or a quoted text is missing here');
    return { kind: 'word', text: found[0], plain: found[0].replace(/\\([\s\S])/g, '$1'), at };
  }

  #step<T extends Token>(token: T): T {
    this.#at++;
    return token;
  }

  #skip(pattern: RegExp): void {
    this.#match(pattern);
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#line);
    if (!found) return undefined;
    this.#at = pattern.lastIndex;
    return found;
  }
}

/** Quotes a text for a query line: a backslash counts only before a quote or a backslash, so that `"C:\temp"` is what it looks like. */
export const quote = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;
