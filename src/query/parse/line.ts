import { didYouMean } from '../ast/json.ts';
import { maxLimit, type Query, type Top } from '../ast/query.ts';
import { checkNames, functions, zoneProblem } from '../ast/query-json.ts';
import { durationLiteral } from '../ast/time.ts';
import type { GroupKey } from '../plan.ts';
import { isZone } from '../zone.ts';
import { Lexer, refuseAt, type Token } from './lexer.ts';
import { FilterParser } from './text.ts';

type QueryAggregate = Query['aggregates'][number];
type Word = Extract<Token, { kind: 'word' | 'quoted' }>;

const stages = ['having', 'sort', 'top', 'limit', 'fields'] as const;

/**
 * Reads a query line: a filter, and behind pipes what becomes of the records it lets pass:
 * `level:error | count() as n, p95(latency_ms) by service, bucket(5m) | having n > 10 | sort n desc | limit 100`, or `… | fields timestamp, message`.
 * Each stage comes once, in any order; results without a name are called `count`, `rate`, `p95_latency_ms`.
 * @throws AppError INVALID_QUERY with `at`, the offset in the line
 */
export function parseLine(line: string): Query {
  const lexer = new Lexer(line);
  const filter = new FilterParser(lexer);
  const query: Query = {
    from: 'logs',
    ...filter.parse(),
    ...{ select: undefined, groupBy: [], aggregates: [], having: undefined, orderBy: [], limit: undefined, cursor: undefined },
  };
  const begun = new Map<string, number>();
  let token = filter.token;
  while (token.kind === 'pipe') {
    const stage = new Stage(lexer, begun);
    stage.into(query);
    token = stage.token;
  }
  if (token.kind !== 'end') refuseAt(token.at, 'a "|" or the end of the query is due here');
  const placeOf: Record<string, string> = { aggregate: 'groups', order_by: 'sort', having: 'having', top: 'top' };
  checkNames(query, (path, problem) => refuseAt(begun.get(placeOf[path.replace(/\[.*/, '')] ?? '') ?? 0, problem));
  const fieldsAt = begun.get('fields');
  if (fieldsAt !== undefined && begun.has('groups')) refuseAt(fieldsAt, 'groups have the columns that their keys and functions name');
  return query;
}

/** What stands between two pipes. */
class Stage {
  readonly #lexer: Lexer;
  readonly #begun: Map<string, number>;
  #token: Token;

  constructor(lexer: Lexer, begun: Map<string, number>) {
    this.#lexer = lexer;
    this.#begun = begun;
    this.#token = lexer.operand();
  }

  /** What ended the stage, or does not belong to it. */
  get token(): Token {
    return this.#token;
  }

  into(query: Query): void {
    const first = this.#token;
    if (first.kind !== 'word') refuseAt(first.at, 'a stage is missing here: count() by service, having, sort, top, limit or fields');
    this.#advance();
    const name = stages.find((stage) => stage === first.text);
    this.#begin(name ?? 'groups', first.at);
    if (name === 'having') this.#having(query);
    else if (name === 'sort') query.orderBy = this.#list(() => this.#order());
    else if (name === 'top') query.top = this.#top();
    else if (name === 'limit') query.limit = this.#limit();
    else if (name === 'fields') query.select = this.#list(() => this.#name('a field'));
    else this.#groups(query, first);
  }

  #begin(stage: string, at: number): void {
    if (this.#begun.has(stage)) refuseAt(at, stage === 'groups' ? 'functions come once; part them by commas' : `"${stage}" comes once`);
    this.#begun.set(stage, at);
  }

  #having(query: Query): void {
    this.#lexer.back(this.#token);
    const filter = new FilterParser(this.#lexer);
    const { where, time, from } = filter.parse();
    if (time || from) refuseAt(this.#begun.get('having')!, 'times are named before the first "|"');
    query.having = where;
    this.#token = filter.token;
  }

  #order(): [string, 'asc' | 'desc'] {
    const name = this.#name('what to sort by');
    const { kind } = this.#token;
    const direction = kind === 'word' ? this.#token.text : undefined;
    if (direction !== 'asc' && direction !== 'desc') return [name, 'asc'];
    this.#advance();
    return [name, direction];
  }

  #limit(): number {
    const { at } = this.#token;
    const limit = Number(this.#name('a number'));
    return Number.isInteger(limit) && limit >= 1 && limit <= maxLimit ? limit : refuseAt(at, `a limit is from 1 to ${maxLimit}`);
  }

  /** `top 3 by service`. */
  #top(): Top {
    const n = this.#limit();
    if (!this.#isWord('by')) refuseAt(this.#token.at, 'say of what: top 3 by service');
    this.#advance();
    return { n, by: this.#list(() => this.#name('a key')) };
  }

  #groups(query: Query, first: Extract<Token, { kind: 'word' }>): void {
    if (first.text !== 'by') {
      query.aggregates = [this.#aggregate(first)];
      while (this.#is('comma')) {
        this.#advance();
        query.aggregates.push(this.#aggregate(this.#wordToken('a function')));
      }
      if (!this.#isWord('by')) return;
      this.#advance();
    }
    query.groupBy = this.#list(() => this.#key());
  }

  /** `count()`, `p95(latency_ms) as slow`; its name has been taken. */
  #aggregate(name: Word): QueryAggregate {
    const known = [...functions, 'p50', 'p95', 'p99'];
    const percent = /^p(\d{1,2}(?:\.\d+)?|100)$/.exec(name.text)?.[1];
    const fn = percent === undefined ? functions.find((one) => one === name.text) : 'percentile';
    if (name.kind === 'quoted' || !fn || !this.#is('open')) {
      const stage = `${didYouMean(name.text, [...known, ...stages])}; functions take parentheses: count()`;
      return refuseAt(name.at, `${JSON.stringify(name.text)} is no stage and no function; ${stage}`);
    }
    this.#advance();
    const operands = this.#is('close') ? [] : this.#list(() => this.#name('a field'));
    if (!this.#is('close')) refuseAt(this.#token.at, 'a comma or ")" is missing here');
    this.#advance();
    const made = aggregateOf(fn, percent === undefined ? operands : [...operands, percent], name);
    if (!this.#isWord('as')) return made;
    this.#advance();
    return { ...made, as: this.#name('a name') };
  }

  #key(): GroupKey {
    const token = this.#wordToken('a field to group by');
    if (token.text !== 'bucket' || token.kind === 'quoted' || !this.#is('open'))
      return { kind: 'field', field: plainOf(token), as: plainOf(token) };
    this.#advance();
    const { at } = this.#token;
    const step = this.#name('a length of time');
    const stepUs = durationLiteral(step) ?? refuseAt(at, `"${step}" is no length of time; give one like 5m or 1h`);
    const zone = this.#is('comma') ? this.#zone() : undefined;
    if (!this.#is('close'))
      refuseAt(this.#token.at, 'bucket takes one length of time, and may be a time zone: bucket(1d, "Europe/Berlin")');
    this.#advance();
    return { kind: 'bucket', stepUs, as: 'bucket', ...(zone === undefined ? {} : { zone }) };
  }

  #zone(): string {
    this.#advance();
    const { at } = this.#token;
    const zone = this.#name('a time zone');
    return isZone(zone) ? zone : refuseAt(at, zoneProblem(zone));
  }

  #list<T>(read: () => T): T[] {
    const items = [read()];
    while (this.#is('comma')) {
      this.#advance();
      items.push(read());
    }
    return items;
  }

  #name = (what: string): string => plainOf(this.#wordToken(what));

  #wordToken(what: string): Word {
    const token = this.#token;
    if (token.kind !== 'word' && token.kind !== 'quoted') return refuseAt(token.at, `${what} is missing here`);
    this.#advance();
    return token;
  }

  #is = (kind: Token['kind']): boolean => this.#token.kind === kind;

  #isWord = (text: string): boolean => this.#token.kind === 'word' && this.#token.text === text;

  #advance(): void {
    this.#token = this.#lexer.operand();
  }
}

const plainOf = (token: Word): string => (token.kind === 'word' ? token.plain : token.text);

function aggregateOf(fn: (typeof functions)[number], operands: string[], { text, at }: Word): QueryAggregate {
  const [field, percent] = operands;
  if (fn === 'count' || fn === 'rate')
    return operands.length === 0 ? { fn, as: fn } : refuseAt(at, `${fn}() counts records and takes nothing`);
  if (field === undefined || operands.length !== (fn === 'percentile' ? 2 : 1))
    return refuseAt(at, `write ${text}(${text === 'percentile' ? 'field, 95' : 'field'})`);
  if (fn !== 'percentile') return { fn, field, as: defaultName(fn, field) };
  const share = Number(percent);
  if (!(share >= 0 && share <= 100)) refuseAt(at, 'a percentile is a number from 0 to 100');
  return { fn, field, percent: share, as: defaultName(`p${share}`, field) };
}

/** What a result is called that was given no name. */
export const defaultName = (fn: string, field: string): string => `${fn}_${field.replace(/^attributes\./, '')}`;
