import { allOf, type Expression, everything, type Scalar } from '../../query/ast/expression.ts';
import { recordFields } from '../../query/ast/fields.ts';
import { didYouMean, isOneOf, parseField, parseWhere } from '../../query/ast/json.ts';
import { minSamples } from '../anomaly/robust.ts';
import { asRule, lengthOf, refuseRule, textsOf } from './refuse.ts';
import { type Absence, type RuleSignal, type RuleValue, ruleSignals, type ValueFunction, valueFunctions } from './rule.ts';

/** What values take that say nothing themselves: the rule's own `from`, `by`, `window`, `where`. */
export type Defaults = { from: RuleSignal; by: string[]; windowUs: number; where: Expression };

const options = ['where', 'by', 'window', 'from', 'field', 'percent', 'part', 'history', 'seen'] as const;
type Options = Partial<Record<(typeof options)[number], unknown>> & { equal: [field: string, value: Scalar][] };

const minuteUs = 60e6;
const maxWindowUs = 24 * 60 * minuteUs;
const maxHistoryUs = 7 * 24 * 60 * minuteUs;
/** How many windows a z-score looks back on unless `history` says. */
const historyWindows = 24;
const maxHistoryWindows = 500;
const seenUs = 24 * 60 * minuteUs;
const needsField: readonly ValueFunction[] = ['sum', 'avg', 'min', 'max', 'percentile', 'distinct'];
const fieldNames = Object.keys(recordFields);
/** What records of metrics and events have besides. */
const otherFields = ['name', 'value', 'unit', 'type', 'subject', 'source'];

/** Reads `["rate", { "where": …, "window": "5m" }]`, or its flat spelling `[:rate :level "error" :window "5m"]`. */
export function parseValue(json: unknown, path: string, defaults: Defaults): RuleValue {
  if (!Array.isArray(json)) return refuseRule(path, 'a value is needed here, like ["rate", { "where": ["=", "level", "error"] }]');
  const [fn] = json;
  if (fn === 'absent') refuseRule(path, '"absent" is a condition by itself and is compared with nothing');
  if (!isOneOf(valueFunctions, fn))
    refuseRule(`${path}[0]`, `${JSON.stringify(fn)} is no function; ${didYouMean(String(fn), [...valueFunctions, 'absent'])}`);
  const given = optionsOf(json, path);
  const base = commonOf(given, path, defaults);
  const field = given.field === undefined ? undefined : asRule(() => parseField(given.field, `${path}.field`));
  if (needsField.includes(fn) && field === undefined) refuseRule(path, `"${fn}" needs a field, like "field": "latency_ms"`);
  if (!needsField.includes(fn) && fn !== 'zscore' && field !== undefined)
    refuseRule(`${path}.field`, `"${fn}" counts records and takes no field`);
  const part = given.part === undefined ? undefined : asRule(() => parseWhere(given.part, `${path}.part`));
  if (fn === 'ratio' && !part) refuseRule(path, '"ratio" needs "part": the condition of the records whose share it is');
  if (fn !== 'ratio' && part) refuseRule(`${path}.part`, `only "ratio" takes a part`);
  return {
    fn,
    ...base,
    field,
    percent: percentOf(fn, given.percent, path),
    part,
    historyUs: historyOf(fn, given.history, base.windowUs, path),
  };
}

/** Reads what follows `"absent"`. */
export function parseAbsence(json: unknown[], path: string, defaults: Defaults): Absence {
  const given = optionsOf(json, path);
  for (const name of ['field', 'percent', 'part', 'history'] as const)
    if (given[name] !== undefined) refuseRule(`${path}.${name}`, `"absent" takes no "${name}"`);
  const base = commonOf(given, path, defaults);
  const seen = lengthOf(given.seen, `${path}.seen`) ?? seenUs;
  if (seen < base.windowUs || seen > maxHistoryUs) refuseRule(`${path}.seen`, 'it is at least the window and at most 7d');
  return { ...base, seenUs: seen };
}

function commonOf(given: Options, path: string, defaults: Defaults): Pick<RuleValue, 'from' | 'where' | 'by' | 'windowUs'> {
  const { from = defaults.from } = given;
  if (!isOneOf(ruleSignals, from))
    refuseRule(`${path}.from`, `${JSON.stringify(from)} is nothing to watch; ${didYouMean(String(from), ruleSignals)}`);
  const by = given.by === undefined ? defaults.by : parseBy(given.by, `${path}.by`);
  const windowUs = lengthOf(given.window, `${path}.window`) ?? defaults.windowUs;
  checkWindow(windowUs, `${path}.window`);
  const where = given.where === undefined ? everything : asRule(() => parseWhere(given.where, `${path}.where`));
  const equal = given.equal.map(([field, value]): Expression => asRule(() => parseWhere(['=', field, value], path)));
  return { from, by, windowUs, where: allOf(defaults.where, where, ...equal) };
}

/** Reads the keys of groups. */
export function parseBy(json: unknown, path: string): string[] {
  const by = textsOf(json, path);
  if (by.length > 8) refuseRule(path, 'groups have 8 keys at most');
  if (new Set(by).size < by.length) refuseRule(path, 'a key stands there twice');
  return by;
}

export function checkWindow(windowUs: number, path: string): void {
  if (windowUs < minuteUs || windowUs > maxWindowUs || windowUs % minuteUs !== 0)
    refuseRule(path, 'a window is whole minutes, from "1m" to "24h"');
}

function percentOf(fn: ValueFunction, percent: unknown, path: string): number | undefined {
  if (fn !== 'percentile') return percent === undefined ? undefined : refuseRule(`${path}.percent`, 'only "percentile" takes a percent');
  if (typeof percent === 'number' && percent >= 0 && percent <= 100) return percent;
  return refuseRule(`${path}.percent`, '"percentile" needs "percent", a number from 0 to 100');
}

function historyOf(fn: ValueFunction, history: unknown, windowUs: number, path: string): number | undefined {
  if (fn !== 'zscore') return history === undefined ? undefined : refuseRule(`${path}.history`, 'only "zscore" takes a history');
  const us = lengthOf(history, `${path}.history`) ?? Math.min(historyWindows * windowUs, maxHistoryUs);
  const windows = us / windowUs;
  if (us > maxHistoryUs || !Number.isInteger(windows) || windows < minSamples || windows > maxHistoryWindows)
    refuseRule(`${path}.history`, `it is ${minSamples} to ${maxHistoryWindows} windows long, and 7d at most`);
  return us;
}

function optionsOf(json: unknown[], path: string): Options {
  const [, first] = json;
  const isFlat = typeof first === 'string';
  if (!isFlat && json.length > 2) refuseRule(path, 'behind the function stands one object of options');
  if (isFlat && json.length % 2 === 0) refuseRule(path, 'options are pairs: a name and its value');
  if (!isFlat && first !== undefined && (typeof first !== 'object' || first === null || Array.isArray(first)))
    refuseRule(`${path}[1]`, 'options are an object, like { "where": ["=", "level", "error"], "window": "5m" }');
  const pairs: [unknown, unknown][] = isFlat
    ? Array.from({ length: (json.length - 1) / 2 }, (_, i) => [json[1 + 2 * i], json[2 + 2 * i]])
    : Object.entries((first ?? {}) as Record<string, unknown>);
  const found: Options = { equal: [] };
  for (const [name, value] of pairs) {
    if (typeof name !== 'string') refuseRule(path, `${JSON.stringify(name)} is no name of an option`);
    else if (isOneOf(options, name)) found[name] = value;
    else if (fieldNames.includes(name) || otherFields.includes(name) || name.startsWith('attributes.'))
      found.equal.push([name, scalarOf(value, `${path}.${name}`)]);
    else refuseRule(path, `${JSON.stringify(name)} is neither an option nor a field; ${suggestion(name)}`);
  }
  return found;
}

const suggestion = (name: string): string =>
  `${didYouMean(name, [...options, ...fieldNames])} An attribute is written "attributes.${name}"`;

function scalarOf(value: unknown, path: string): Scalar {
  if (typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value)) return value as Scalar;
  return refuseRule(path, 'a field equals a text, a number or true or false');
}
