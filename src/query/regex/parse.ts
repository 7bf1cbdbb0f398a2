import { AppError } from '../../core/errors.ts';
import { complement, perl, posix, type Ranges } from './ranges.ts';

/** A regular expression as a tree. `folded` letters match in either case. */
export type RegexNode =
  | { kind: 'literal'; code: number; folded: boolean }
  | { kind: 'set'; ranges: Ranges; negated: boolean; folded: boolean }
  | { kind: 'start' | 'end' | 'lineStart' | 'lineEnd' | 'wordEdge' | 'noWordEdge' }
  | { kind: 'sequence' | 'choice'; items: RegexNode[] }
  | { kind: 'repeat'; item: RegexNode; min: number; max: number; lazy: boolean };

type Flags = { i: boolean; m: boolean; s: boolean; U: boolean };

const controls: Record<string, number> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
/** RE2's own bound of a counted repetition. */
const maxRepeat = 1000;

/**
 * Parses RE2 syntax (https://github.com/google/re2/wiki/Syntax) without Unicode classes. What RE2 lacks because it cannot be matched in linear time (back-references,
 * look-around, possessive repetition) is refused.
 * @throws AppError INVALID_QUERY that names the place in the pattern
 */
export const parseRegex = (pattern: string): RegexNode => new Parser(pattern).parse();

class Parser {
  private at = 0;
  private flags: Flags = { i: false, m: false, s: false, U: false };
  private readonly chars: string[];

  constructor(pattern: string) {
    this.chars = [...pattern];
  }

  parse(): RegexNode {
    const node = this.choice();
    if (this.at < this.chars.length) this.fail('this ")" closes no group; write "\\)" for the character');
    return node;
  }

  private fail(problem: string, at = this.at): never {
    throw new AppError('INVALID_QUERY', `regular expression "${this.chars.join('')}", character ${at + 1}: ${problem}`);
  }

  private take(text: string): boolean {
    const found = this.chars.slice(this.at, this.at + text.length).join('') === text;
    if (found) this.at += text.length;
    return found;
  }

  private choice(): RegexNode {
    const items = [this.sequence()];
    while (this.take('|')) items.push(this.sequence());
    return items.length === 1 ? items[0]! : { kind: 'choice', items };
  }

  private sequence(): RegexNode {
    const items: RegexNode[] = [];
    while (this.at < this.chars.length && this.chars[this.at] !== '|' && this.chars[this.at] !== ')') {
      if (this.take('\\Q')) items.push(...this.quoted());
      else items.push(this.repeated(this.atom()));
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items };
  }

  /** Reads up to `\E`; a repetition behind it counts for the last character. */
  private quoted(): RegexNode[] {
    const items: RegexNode[] = [];
    while (this.at < this.chars.length && !this.take('\\E')) items.push(this.literal(this.next()));
    const last = items.pop();
    return last ? [...items, this.repeated(last)] : [];
  }

  private next(): string {
    return this.chars[this.at++] ?? this.fail('the pattern ends too early');
  }

  private literal = (char: string): RegexNode => ({ kind: 'literal', code: char.codePointAt(0)!, folded: this.flags.i });

  private atom(): RegexNode {
    const char = this.next();
    if (char === '(') return this.group();
    if (char === '[') return this.set();
    if (char === '.') return { kind: 'set', ranges: this.flags.s ? [] : [[10, 10]], negated: true, folded: false };
    if (char === '^') return { kind: this.flags.m ? 'lineStart' : 'start' };
    if (char === '$') return { kind: this.flags.m ? 'lineEnd' : 'end' };
    if ('*+?'.includes(char)) this.fail(`nothing stands before "${char}" to repeat; write "\\${char}" for the character`, this.at - 1);
    return char === '\\' ? this.escape() : this.literal(char);
  }

  private escape(): RegexNode {
    const at = this.at - 1;
    const char = this.next();
    if (char === 'A') return { kind: 'start' };
    if (char === 'z') return { kind: 'end' };
    if (char === 'b') return { kind: 'wordEdge' };
    if (char === 'B') return { kind: 'noWordEdge' };
    const ranges = perl[char.toLowerCase()];
    if (ranges) return { kind: 'set', ranges, negated: char < 'a', folded: false };
    if (/[1-9k]/.test(char)) this.fail('back-references are not supported, since they cannot be matched in linear time', at);
    this.at--;
    return { kind: 'literal', code: this.escapedCode(at), folded: this.flags.i };
  }

  private escapedCode(at: number): number {
    const char = this.next();
    if (controls[char] !== undefined) return controls[char];
    if (char === 'x') return this.hex(at);
    if (char === '0') return Number.parseInt(`0${this.while(/[0-7]/, 2)}`, 8);
    if (/[pP]/.test(char)) this.fail('unicode classes are not supported; list the letters or a range instead', at);
    if (/[0-9A-Za-z]/.test(char)) this.fail(`"\\${char}" is not known`, at);
    return char.codePointAt(0)!;
  }

  private hex(at: number): number {
    const digits = this.take('{') ? this.while(/[0-9a-fA-F]/, 6) : this.while(/[0-9a-fA-F]/, 2);
    if (this.chars[at + 2] === '{' && !this.take('}')) this.fail('"\\x{" needs hex digits and a "}"', at);
    const code = digits === '' ? Number.NaN : Number.parseInt(digits, 16);
    return code <= 0x10ffff ? code : this.fail('"\\x" needs two hex digits, or more in braces', at);
  }

  private while(kind: RegExp, max: number): string {
    let text = '';
    while (text.length < max && kind.test(this.chars[this.at] ?? '')) text += this.next();
    return text;
  }

  private group(): RegexNode {
    const at = this.at - 1;
    const outer = { ...this.flags };
    const name = /^\?P?<[A-Za-z_]\w*>/.exec(this.chars.slice(this.at, this.at + 70).join(''));
    if (name) this.at += name[0].length;
    else if (this.take('?')) {
      if (/[=!<>]/.test(this.chars[this.at] ?? '')) {
        this.fail('look-around and atomic groups are not supported, since they cannot be matched in linear time', at);
      }
      if (this.setFlags(at)) return { kind: 'sequence', items: [] };
    }
    const node = this.choice();
    if (!this.take(')')) this.fail('this "(" is not closed; write "\\(" for the character', at);
    this.flags = outer;
    return node.kind === 'sequence' || node.kind === 'choice' ? node : { kind: 'sequence', items: [node] };
  }

  /** Reads the flags of `(?i)` or `(?i:`; true when the group ends with them, and they hold until the end of the outer one. */
  private setFlags(at: number): boolean {
    let on = true;
    for (;;) {
      const char = this.next();
      if (char === ')') return true;
      if (char === ':') return false;
      if (char === '-') on = false;
      else if (char === 'i' || char === 'm' || char === 's' || char === 'U') this.flags[char] = on;
      else this.fail(`"${char}" is no flag; the flags are i, m, s and U`, at);
    }
  }

  private set(): RegexNode {
    const at = this.at - 1;
    const negated = this.take('^');
    const ranges: (readonly [number, number])[] = [];
    for (let first = true; first || this.chars[this.at] !== ']'; first = false) {
      if (this.at >= this.chars.length) this.fail('this "[" is not closed; write "\\[" for the character', at);
      ranges.push(...(this.namedSet() ?? [this.range()]));
    }
    this.at++;
    return { kind: 'set', ranges, negated, folded: this.flags.i };
  }

  private namedSet(): Ranges | undefined {
    const text = this.chars.slice(this.at, this.at + 12).join('');
    const named = /^\[:(\^?)([a-z]+):\]/.exec(text) ?? /^\\()([dswDSW])/.exec(text);
    if (!named) return undefined;
    const ranges = posix[named[2]!] ?? perl[named[2]!.toLowerCase()] ?? this.fail(`there is no class "${named[2]}"`);
    this.at += named[0].length;
    return named[1] === '^' || /[DSW]/.test(named[2]!) ? complement(ranges) : ranges;
  }

  private range(): readonly [number, number] {
    const at = this.at;
    const from = this.setCode();
    if (this.chars[this.at] !== '-' || this.chars[this.at + 1] === ']' || this.at + 1 >= this.chars.length) return [from, from];
    this.at++;
    const to = this.setCode();
    return to >= from ? [from, to] : this.fail('this range runs backwards', at);
  }

  private setCode(): number {
    const char = this.next();
    return char === '\\' ? this.escapedCode(this.at - 1) : char.codePointAt(0)!;
  }

  private repeated(item: RegexNode): RegexNode {
    const at = this.at;
    const bounds = this.bounds();
    if (!bounds) return item;
    const [min, max] = bounds;
    if (max < min || min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY)) {
      this.fail(`a repetition counts upwards and to ${maxRepeat} at most`, at);
    }
    const lazy = this.take('?') !== this.flags.U;
    if (/[*+?]/.test(this.chars[this.at] ?? '')) this.fail('a repetition cannot be repeated; put it in a group');
    return { kind: 'repeat', item, min, max, lazy };
  }

  private bounds(): [number, number] | undefined {
    if (this.take('*')) return [0, Number.POSITIVE_INFINITY];
    if (this.take('+')) return [1, Number.POSITIVE_INFINITY];
    if (this.take('?')) return [0, 1];
    const counted = /^\{(\d{1,5})(?:(,)(\d{1,5})?)?\}/.exec(this.chars.slice(this.at, this.at + 16).join(''));
    if (!counted) return undefined;
    this.at += counted[0].length;
    const min = Number(counted[1]);
    return [min, counted[3] ? Number(counted[3]) : counted[2] ? Number.POSITIVE_INFINITY : min];
  }
}
