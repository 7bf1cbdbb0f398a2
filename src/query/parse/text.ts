import { AppError } from '../../core/errors.ts';
import type { Comparison, Expression, Scalar } from '../ast/expression.ts';
import { fieldOf, recordFields } from '../ast/fields.ts';
import { didYouMean } from '../ast/json.ts';
import type { TimeSpan } from '../ast/query.ts';
import { durationLiteral, timeLiteral } from '../ast/time.ts';
import { type Leaf, normalise } from '../ast/visit.ts';
import { predicateOf } from '../compile/scan/predicate.ts';
import { Lexer, refuseAt, type Token } from './lexer.ts';

const maxDepth = 100;
const textKinds = ['match', 'phrase', 'contains', 'prefix', 'wildcard', 'regex'] as const;
const comparisons: Record<string, Comparison> = { eq: '=', ne: '!=', gt: '>', ge: '>=', lt: '<', le: '<=' };
const calls = [...textKinds, ...Object.keys(comparisons), 'in', 'exists'];

/** The filter part of a query line: what records must satisfy, and the times it names. */
export type Filter = { where: Expression; time: TimeSpan | undefined };

/**
 * Reads the filter of a query line: `level:error "timed out" -service:canary latency_ms>500 (a OR b) f:a* f:/re/ f:* host:(x OR y) last:15m`. Words side by side
 * must all be there; NOT binds before AND before OR; a bare word is looked for in `message`, quotes are a phrase. An unquoted number, `true` or `false`
 * also means the text of an attribute. What has no short form has a long one: `contains(path, "/a b")`, `eq(message, "done")`.
 * @throws AppError INVALID_QUERY with `at`, the offset in the line
 */
export function parseFilter(line: string): Filter {
  const parser = new FilterParser(new Lexer(line));
  const filter = parser.parse();
  const { kind, at } = parser.token;
  if (kind === 'pipe')
    refuseAt(at, 'only a filter goes here, and "|" ends it; quote it to look for the character, or post the line to /api/query');
  return filter;
}

/** Reads a filter from where the lexer stands. */
export class FilterParser {
  readonly #lexer: Lexer;
  #token: Token;
  #depth = 0;
  #lastUs: number | undefined;
  #fromUs: number | undefined;
  #toUs: number | undefined;

  constructor(lexer: Lexer) {
    this.#lexer = lexer;
    this.#token = this.#lexer.next();
  }

  /** What ended the filter: a pipe, or the end of the line. */
  get token(): Token {
    return this.#token;
  }

  parse(): Filter {
    const where = isOver(this.#token) ? everything() : this.#or();
    if (!isOver(this.#token)) refuseAt(this.#token.at, 'this ")" closes nothing; quote it to look for the character');
    return { where: normalise(where), time: this.#time() };
  }

  #time(): TimeSpan | undefined {
    if (this.#lastUs !== undefined) return { lastUs: this.#lastUs };
    return this.#fromUs === undefined && this.#toUs === undefined ? undefined : { fromUs: this.#fromUs, toUs: this.#toUs };
  }

  #advance(): Token {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #or(): Expression {
    const items = [this.#and()];
    while (isKeyword(this.#token, 'OR')) {
      this.#advance();
      items.push(this.#and());
    }
    return { kind: 'or', items };
  }

  #and(): Expression {
    const items = [this.#not()];
    for (;;) {
      if (isKeyword(this.#token, 'AND')) this.#advance();
      else if (isOver(this.#token) || this.#token.kind === 'close' || isKeyword(this.#token, 'OR')) break;
      items.push(this.#not());
    }
    return { kind: 'and', items };
  }

  #not(): Expression {
    if (this.#token.kind !== 'minus' && !isKeyword(this.#token, 'NOT')) return this.#primary();
    this.#advance();
    return this.#nested(() => ({ kind: 'not', item: this.#not() }));
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#depth > maxDepth) refuseAt(this.#token.at, `conditions nest ${maxDepth} deep at most`);
    const node = parse();
    this.#depth--;
    return node;
  }

  #primary(): Expression {
    const token = this.#token;
    switch (token.kind) {
      case 'open':
        this.#advance();
        return this.#nested(() => this.#closing(token, this.#or()));
      case 'quoted':
        this.#advance();
        return { kind: 'phrase', field: 'message', text: token.text };
      case 'word':
        this.#advance();
        return bareWord(token);
      case 'field':
        return this.#field(token);
      case 'call':
        return this.#call(token);
      default:
        return refuseAt(token.at, 'a condition is missing here');
    }
  }

  #closing(open: Token, node: Expression): Expression {
    if (this.#token.kind !== 'close') refuseAt(open.at, 'this "(" is not closed; quote it to look for the character');
    this.#advance();
    return node;
  }

  #field(token: Extract<Token, { kind: 'field' }>): Expression {
    const value = this.#lexer.value();
    if (value.kind === 'open' && token.operator === ':') {
      this.#token = this.#lexer.next();
      return this.#nested(() => this.#closing(value, onField(token.name, this.#or())));
    }
    this.#token = this.#lexer.next();
    if (token.operator === ':' && value.kind === 'word' && this.#isTime(token, value)) return everything();
    return fieldCondition(token, value);
  }

  /** Takes `last:`, `from:` and `to:`, which say when, not what; for attributes of these names write `attributes.last`. */
  #isTime({ name }: Extract<Token, { kind: 'field' }>, { plain, at }: Extract<Token, { kind: 'word' }>): boolean {
    if (name === 'last') this.#lastUs = durationLiteral(plain) ?? refuseAt(at, `"${plain}" is no length of time; give one like 15m or 24h`);
    else if (name === 'from') this.#fromUs = timeLiteral(plain) ?? refuseAt(at, `"${plain}" is not a time; give RFC 3339`);
    else if (name === 'to') this.#toUs = timeLiteral(plain) ?? refuseAt(at, `"${plain}" is not a time; give RFC 3339`);
    else return false;
    if (this.#depth > 0) refuseAt(at, `${name}: holds for the whole query; write it outside of parentheses`);
    if (this.#lastUs !== undefined && (this.#fromUs ?? this.#toUs) !== undefined) refuseAt(at, 'give either last: or from: and to:');
    return true;
  }

  #call({ name, at }: Extract<Token, { kind: 'call' }>): Expression {
    if (!calls.includes(name)) refuseAt(at, `"${name}(" is no function; ${didYouMean(name, calls)}; or put a space before "("`);
    const operands: Extract<Token, { kind: 'word' | 'quoted' }>[] = [];
    for (let token = this.#lexer.operand(); token.kind !== 'close'; token = this.#lexer.operand()) {
      if (token.kind !== 'word' && token.kind !== 'quoted')
        refuseAt(token.at, `this ends "${name}(" too early; write ${name}(field, "text")`);
      operands.push(token);
      const next = this.#lexer.operand();
      if (next.kind === 'close') break;
      if (next.kind !== 'comma') refuseAt(next.at, 'a comma or ")" is missing here');
    }
    this.#token = this.#lexer.next();
    return checked(callNode(name, operands, at), at);
  }
}

const everything = (): Expression => ({ kind: 'and', items: [] });
const isOver = ({ kind }: Token): boolean => kind === 'end' || kind === 'pipe';
const isKeyword = (token: Token, word: string): boolean => token.kind === 'word' && token.text === word;

function bareWord({ text, plain, at }: Extract<Token, { kind: 'word' }>): Expression {
  if (text === '*') return everything();
  if (['AND', 'OR'].includes(text)) refuseAt(at, `a condition is missing here; quote "${text}" to look for the word`);
  if (!hasWildcard(text)) return { kind: 'match', field: 'message', text: plain };
  const inner = text.replace(/^\*+|\*+$/g, '');
  return hasWildcard(inner) || inner.endsWith('\\')
    ? { kind: 'wildcard', field: 'message', text: `*${text}*`.replace(/\*{2,}/g, '*') }
    : { kind: 'contains', field: 'message', text: inner.replace(/\\([\s\S])/g, '$1') };
}

const hasWildcard = (text: string): boolean => /[*?]/.test(text.replace(/\\[\s\S]/g, ''));

function fieldCondition({ name, operator, at }: Extract<Token, { kind: 'field' }>, value: Token): Expression {
  if (value.kind === 'regex' && operator === ':') return checked({ kind: 'regex', field: name, text: value.text }, at);
  if (value.kind !== 'word' && value.kind !== 'quoted') return refuseAt(value.at, `a value is missing behind "${name}${operator}"`);
  if (operator === ':') return withColon(name, value);
  const values = value.kind === 'quoted' ? [value.text] : scalarsOf(name, value.plain);
  if (operator === '=') return anyOf(values.map((one) => compare(name, '=', one, at)));
  if (operator === '!=') return { kind: 'and', items: values.map((one) => compare(name, '!=', one, at)) };
  return compare(name, operator, values[0]!, at);
}

const compare = (field: string, op: Comparison, value: Scalar, at: number): Leaf => checked({ kind: 'compare', op, field, value }, at);
const anyOf = (items: Expression[]): Expression => (items.length === 1 ? items[0]! : { kind: 'or', items });

function withColon(field: string, value: Extract<Token, { kind: 'word' | 'quoted' }>): Expression {
  if (value.kind === 'quoted')
    return field === 'message' ? { kind: 'phrase', field, text: value.text } : compare(field, '=', value.text, value.at);
  const { text, plain, at } = value;
  if (text === '*') return { kind: 'exists', field };
  if (hasWildcard(text)) {
    const start = text.slice(0, -1);
    const isPrefix = text.endsWith('*') && !hasWildcard(start) && !start.endsWith('\\');
    return isPrefix ? { kind: 'prefix', field, text: start.replace(/\\([\s\S])/g, '$1') } : { kind: 'wildcard', field, text };
  }
  if (field === 'message') return { kind: 'match', field, text: plain };
  return anyOf(scalarsOf(field, plain).map((one) => compare(field, '=', one, at)));
}

/** What an unquoted value means: an attribute's may be a number or the text of it. */
function scalarsOf(name: string, plain: string): Scalar[] {
  const field = fieldOf(name);
  const isNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain) && Number.isFinite(Number(plain));
  if (field.kind === 'record') return [isNumber && recordFields[field.name] !== 'string' ? Number(plain) : plain];
  if (isNumber) return [Number(plain), plain];
  return plain === 'true' || plain === 'false' ? [plain === 'true', plain] : [plain];
}

/** Puts the conditions of `field:(a OR b)` on the field: they were read as if on `message`. */
function onField(field: string, node: Expression): Expression {
  if (node.kind === 'and' || node.kind === 'or') return { kind: node.kind, items: node.items.map((item) => onField(field, item)) };
  if (node.kind === 'not') return { kind: 'not', item: onField(field, node.item) };
  if (node.field !== 'message' || field === 'message') return node;
  if (node.kind === 'match') return anyOf(scalarsOf(field, node.text).map((value) => compare(field, '=', value, 0)));
  return node.kind === 'phrase' ? compare(field, '=', node.text, 0) : { ...node, field };
}

function callNode(name: string, operands: Extract<Token, { kind: 'word' | 'quoted' }>[], at: number): Leaf {
  const [fieldToken, ...rest] = operands;
  if (!fieldToken) return refuseAt(at, `"${name}" takes a field`);
  const field = fieldToken.kind === 'word' ? fieldToken.plain : fieldToken.text;
  const values = rest.map(operandValue);
  if (name === 'in') return { kind: 'in', field, values };
  if (values.length !== (name === 'exists' ? 0 : 1)) refuseAt(at, `"${name}" takes a field${name === 'exists' ? '' : ' and a value'}`);
  if (name === 'exists') return { kind: 'exists', field };
  const [value] = values;
  const op = comparisons[name];
  if (op) return { kind: 'compare', op, field, value: value! };
  return { kind: name as (typeof textKinds)[number], field, text: typeof value === 'string' ? value : String(value) };
}

/** A value between parentheses has the one type it is written in. */
function operandValue(token: Extract<Token, { kind: 'word' | 'quoted' }>): Scalar {
  return token.kind === 'quoted' ? token.text : scalarsOf('attributes.any', token.plain)[0]!;
}

/** Finds now what would fail when the condition is compiled. */
function checked<T extends Leaf>(leaf: T, at: number): T {
  try {
    predicateOf(leaf);
    return leaf;
  } catch (thrown) {
    if (thrown instanceof AppError) refuseAt(at, thrown.detail);
    throw thrown;
  }
}
