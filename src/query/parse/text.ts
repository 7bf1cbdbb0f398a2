import type { Expression } from '../ast/expression.ts';
import { didYouMean } from '../ast/json.ts';
import { type QuerySource, querySources, type TimeSpan } from '../ast/query.ts';
import { durationLiteral, timeLiteral } from '../ast/time.ts';
import { normalise } from '../ast/visit.ts';
import { bareWord, callNode, calls, checked, everything, fieldCondition, onField } from './leaf.ts';
import { Lexer, refuseAt, type Token } from './lexer.ts';

const maxDepth = 100;

/** The filter part of a query line: what records must satisfy, the times it names, and where the records are, if that is not the logs. */
export type Filter = { where: Expression; time: TimeSpan | undefined; from?: QuerySource };

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
  if (filter.from !== undefined) refuseAt(parser.fromAt, `only logs are looked through here; post "from:${filter.from}" to /api/query`);
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
  #from: QuerySource | undefined;
  /** Where the line says what is asked. */
  fromAt = 0;

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
    return { where: normalise(where), time: this.#time(), ...(this.#from ? { from: this.#from } : {}) };
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
    else if (name === 'from' && this.#isSource(plain, at)) return true;
    else if (name === 'from')
      this.#fromUs =
        timeLiteral(plain) ??
        refuseAt(at, `"${plain}" is not a time, nor what can be queried; ${didYouMean(plain, ['2026-11-21T08:00:00Z', ...querySources])}`);
    else if (name === 'to') this.#toUs = timeLiteral(plain) ?? refuseAt(at, `"${plain}" is not a time; give RFC 3339`);
    else return false;
    if (this.#depth > 0) refuseAt(at, `${name}: holds for the whole query; write it outside of parentheses`);
    if (this.#lastUs !== undefined && (this.#fromUs ?? this.#toUs) !== undefined) refuseAt(at, 'give either last: or from: and to:');
    return true;
  }

  /** Takes `from:metrics`, which says what is asked. */
  #isSource(plain: string, at: number): boolean {
    const source = querySources.find((one) => one === plain);
    if (source === undefined) return false;
    if (this.#depth > 0) refuseAt(at, 'from: holds for the whole query; write it outside of parentheses');
    this.#from = source;
    this.fromAt = at;
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

const isOver = ({ kind }: Token): boolean => kind === 'end' || kind === 'pipe';
const isKeyword = (token: Token, word: string): boolean => token.kind === 'word' && token.text === word;
