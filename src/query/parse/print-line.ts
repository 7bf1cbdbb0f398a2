import type { Query } from '../ast/query.ts';
import { durationText, timeText } from '../ast/time.ts';
import type { GroupKey } from '../plan.ts';
import { quote } from './lexer.ts';
import { defaultName } from './line.ts';
import { printFilter } from './print-text.ts';

/** Writes a query as a line, which `parseLine` reads back, its conditions normalised. A cursor has no place in a line and is left out. */
export function printLine({ from, time, where, select, groupBy, aggregates, having, orderBy, top, limit }: Query): string {
  const filter = [printFilter(where), ...(from === 'logs' ? [] : [`from:${from}`]), ...timeWords(time)].join(' ');
  const stages: string[] = [];
  const keys = groupBy.length > 0 ? [`by ${groupBy.map(printKey).join(', ')}`] : [];
  if (aggregates.length + groupBy.length > 0) stages.push([...listed(aggregates), ...keys].join(' '));
  if (having) stages.push(`having ${printFilter(having)}`);
  if (orderBy.length > 0) stages.push(`sort ${orderBy.map(([by, direction]) => `${name(by)} ${direction}`).join(', ')}`);
  if (top) stages.push(`top ${top.n} by ${top.by.map(name).join(', ')}`);
  if (limit !== undefined) stages.push(`limit ${limit}`);
  if (select && select.length > 0) stages.push(`fields ${select.map(name).join(', ')}`);
  return [filter, ...stages].join(' | ');
}

function timeWords(time: Query['time']): string[] {
  if (!time) return [];
  if ('lastUs' in time) return [`last:${durationText(time.lastUs)}`];
  const { fromUs, toUs } = time;
  return [...(fromUs === undefined ? [] : [`from:${timeText(fromUs)}`]), ...(toUs === undefined ? [] : [`to:${timeText(toUs)}`])];
}

const listed = (aggregates: Query['aggregates']): string[] => (aggregates.length > 0 ? [aggregates.map(printAggregate).join(', ')] : []);
function printKey(key: GroupKey): string {
  if (key.kind === 'field') return name(key.field);
  return `bucket(${[durationText(key.stepUs), ...(key.zone === undefined ? [] : [quote(key.zone)])].join(', ')})`;
}

function printAggregate(aggregate: Query['aggregates'][number]): string {
  const { fn, as } = aggregate;
  if (fn === 'count' || fn === 'rate') return named(`${fn}()`, fn, as);
  if (fn === 'percentile')
    return named(`percentile(${name(aggregate.field)}, ${aggregate.percent})`, defaultName(`p${aggregate.percent}`, aggregate.field), as);
  return named(`${fn}(${name(aggregate.field)})`, defaultName(fn, aggregate.field), as);
}

const named = (call: string, usual: string, as: string): string => (as === usual ? call : `${call} as ${name(as)}`);

const words = new Set(['as', 'by', 'asc', 'desc', 'bucket']);
const name = (text: string): string => (/^[\w.@$/-]+$/.test(text) && !words.has(text) ? text : quote(text));
