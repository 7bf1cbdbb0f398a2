import type { Json } from '../../query/ast/json.ts';
import { refuseRule } from './refuse.ts';

type Selector = { where: Json[]; window: string | undefined };

const overTime: Record<string, string> = {
  avg_over_time: 'avg',
  min_over_time: 'min',
  max_over_time: 'max',
  sum_over_time: 'sum',
  count_over_time: 'count',
};
const defaultWindow = '5m';
const tokens =
  /\s*(?:([A-Za-z_:][A-Za-z0-9_:]*)|("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(?![A-Za-z])|(\d+[smhdw])|(=~|!~|!=|>=|<=|==|[(){}[\],=<>+*/-]))/gy;

/**
 * Reads what has an equal here of PromQL (https://prometheus.io/docs/prometheus/latest/querying/basics/): comparisons of one value with a number, joined by
 * `and` and `or`; values are a selector, `…_over_time(selector[5m])`, `quantile_over_time`, `absent`, each within `sum|avg|min|max|count by (…)` or alone.
 * A bare selector means its average over 5 minutes. `rate` and `increase` of counters have no equal: they follow resets, sample by sample.
 * @throws AppError INVALID_RULE
 */
export function parsePromql(expression: string, path: string): Json {
  const reader = new Reader(expression, path);
  const condition = reader.or();
  if (!reader.isAtEnd) reader.refuse(`"${reader.peek()}" is not understood here`);
  return condition;
}

class Reader {
  readonly #tokens: string[] = [];
  readonly #path: string;
  #at = 0;

  constructor(text: string, path: string) {
    this.#path = path;
    tokens.lastIndex = 0;
    let end = 0;
    for (let found = tokens.exec(text); found; found = tokens.exec(text)) {
      this.#tokens.push(found[0].trim());
      end = tokens.lastIndex;
    }
    if (text.slice(end).trim() !== '') this.refuse(`${JSON.stringify(text.slice(end, end + 20))} is not understood`);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#tokens.length;
  }

  peek(): string {
    return this.#tokens[this.#at] ?? 'the end';
  }

  refuse(problem: string): never {
    return refuseRule(this.#path, problem);
  }

  or(): Json {
    const items = [this.#and()];
    while (this.#takes('or')) items.push(this.#and());
    return items.length === 1 ? items[0]! : ['or', ...items];
  }

  #and(): Json {
    const items = [this.#comparison()];
    while (this.#takes('and')) items.push(this.#comparison());
    return items.length === 1 ? items[0]! : ['and', ...items];
  }

  #comparison(): Json {
    if (this.#takes('absent') || this.#takes('absent_over_time')) {
      this.#expect('(');
      const { where, window = defaultWindow } = this.#selector();
      this.#expect(')');
      return ['absent', { where: allOf(where), window }];
    }
    if (this.peek() === '(' && this.#isGroup()) {
      this.#expect('(');
      const inner = this.or();
      this.#expect(')');
      return inner;
    }
    const value = this.#value();
    const operator = this.#next();
    if (!['>', '>=', '<', '<=', '==', '!='].includes(operator))
      this.refuse(`a value is compared with a number here; "${operator}" has no equal`);
    this.#takes('bool');
    const sign = this.#takes('-') ? -1 : 1;
    const number = Number(this.#next());
    if (!Number.isFinite(number)) this.refuse('a value is compared with a number; two values have no equal');
    return [operator === '==' ? '=' : operator, value, sign * number];
  }

  /** Whether the parenthesis holds a whole comparison. */
  #isGroup(): boolean {
    let depth = 0;
    for (let i = this.#at; i < this.#tokens.length; i++) {
      const token = this.#tokens[i]!;
      if (token === '(') depth++;
      if (token === ')' && --depth === 0) return false;
      if (depth === 1 && /^([<>]=?|==|!=|and|or)$/.test(token)) return true;
    }
    return false;
  }

  #value(): Json {
    const name = this.peek();
    if (['sum', 'avg', 'min', 'max', 'count'].includes(name)) return this.#aggregate(this.#next());
    if (name === 'quantile_over_time') {
      this.#next();
      this.#expect('(');
      const share = Number(this.#next());
      this.#expect(',');
      const { where, window = defaultWindow } = this.#selector();
      this.#expect(')');
      return ['percentile', { where: allOf(where), window, field: 'value', percent: share * 100 }];
    }
    const fn = Object.hasOwn(overTime, name) ? overTime[this.#next()]! : undefined;
    if (!fn && this.#tokens[this.#at + 1] === '(')
      this.refuse(`the function "${name}" has no equal; ${Object.keys(overTime).join(', ')}, quantile_over_time and absent have`);
    if (fn) this.#expect('(');
    const { where, window = defaultWindow } = this.#selector();
    if (fn) this.#expect(')');
    return [fn ?? 'avg', { where: allOf(where), window, ...(fn === 'count' ? {} : { field: 'value' }) }];
  }

  #aggregate(fn: string): Json {
    const before = this.#by();
    this.#expect('(');
    const [inner, options] = this.#value() as [string, Record<string, Json>];
    this.#expect(')');
    const by = before ?? this.#by() ?? [];
    const isSame = inner === fn || (fn === 'sum' && inner === 'count') || (fn === 'avg' && inner === 'avg');
    if (!isSame && inner !== 'avg') this.refuse(`"${fn}" of "${inner}" has no equal`);
    if (fn === 'count') this.refuse('"count" of series has no equal: records are counted here');
    if (fn === 'sum' && inner === 'avg') this.refuse('"sum" of gauges has no equal: use sum_over_time, avg, min or max');
    return [inner === 'count' ? 'count' : fn, { ...options, by }];
  }

  #by(): string[] | undefined {
    if (this.peek() === 'without') this.refuse('"without" has no equal; name the labels with "by"');
    if (!this.#takes('by')) return undefined;
    this.#expect('(');
    const names: string[] = [];
    while (!this.#takes(')')) {
      names.push(this.#next());
      this.#takes(',');
    }
    return names;
  }

  #selector(): Selector {
    const where: Json[] = [];
    if (/^[A-Za-z_:]/.test(this.peek())) where.push(['=', 'name', this.#next()]);
    else if (this.peek() !== '{') this.refuse(`a metric is needed here, not "${this.peek()}"`);
    if (this.#takes('{')) {
      while (!this.#takes('}')) {
        where.push(this.#matcher());
        this.#takes(',');
      }
    }
    if (!this.#takes('[')) return { where, window: undefined };
    const window = this.#next();
    this.#expect(']');
    const seconds = /^(\d+)s$/.exec(window)?.[1];
    return { where, window: seconds && Number(seconds) % 60 === 0 ? `${Number(seconds) / 60}m` : window };
  }

  #matcher(): Json {
    const label = this.#next();
    const operator = this.#next();
    const quoted = this.#next();
    if (!/^["']/.test(quoted)) this.refuse('a label is compared with a quoted text');
    const text = quoted.slice(1, -1).replaceAll(/\\(.)/g, '$1');
    const field = label === '__name__' ? 'name' : label === 'job' ? 'service' : label === 'instance' ? 'host' : label;
    if (operator === '=') return ['=', field, text];
    if (operator === '!=') return ['!=', field, text];
    const matches: Json = ['regex', field, `^(?:${text})$`];
    return operator === '=~' ? matches : operator === '!~' ? ['not', matches] : this.refuse(`"${operator}" compares no label`);
  }

  #takes(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at++;
    return true;
  }

  #expect(token: string): void {
    if (!this.#takes(token)) this.refuse(`"${token}" is missing before "${this.peek()}"`);
  }

  #next(): string {
    if (this.isAtEnd) this.refuse('the expression ends too soon');
    return this.#tokens[this.#at++]!;
  }
}

const allOf = (where: Json[]): Json => (where.length === 1 ? where[0]! : ['and', ...where]);
