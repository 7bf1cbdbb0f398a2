import { isObject, keepAttribute } from '../../core/attributes.ts';
import { AppError } from '../../core/errors.ts';
import type { Attributes } from '../../core/record.ts';
import { RecordFault } from '../../core/record-fault.ts';
import { formatTime, readTime } from '../../core/time.ts';
import { bodyKind } from '../accept/body-kind.ts';
import { readRecords } from '../accept/read-records.ts';
import { tooManyRecords } from '../accept/record-limit.ts';
import { Lines, type Translate, type TranslateContext } from '../accept/translate.ts';
import { checkUtf8 } from '../accept/utf8.ts';
import { faultOfMeasured, lineOf, type MetricPoint, seriesOf } from './point.ts';

const known = ['name', 'value', 'timestamp', 'type', 'unit', 'service', 'host', 'env', 'attributes', 'labels', 'temporality', 'start'];
const ofHistograms = ['count', 'sum', 'min', 'max', 'bounds', 'counts'];
const fieldsKnown = new Set([...known, ...ofHistograms]);
const types = ['gauge', 'counter', 'histogram'] as const;
const maxNameChars = 255;
/** As for logs: what is further ahead of the clock than this is taken for a wrong clock. */
const maxAheadUs = 24 * 3_600_000_000;

/**
 * Reads the points of `POST /metrics`: a JSON object, an array of them, or an object a line. A histogram is given by `count`, `sum`, `bounds` and `counts`
 * (one more than bounds; bucket i holds what is at most bounds[i]), or by one observation as its `value`. Counters are cumulative and
 * histograms of the time since the last point (`delta`), unless `temporality` says otherwise.
 */
export const translatePoints: Translate = (body, context) => {
  const { limits, contentType } = context;
  const lines = new Lines(limits.records, () => tooManyRecords(limits));
  const bytes = checkUtf8(body);
  const kind = bodyKind(contentType, bytes);
  if (kind !== 'json' && kind !== 'ndjson') throw new AppError('MEDIA_TYPE', 'metrics come as application/json or application/x-ndjson');
  for (const raw of readRecords(bytes, kind)) {
    const point = raw instanceof RecordFault ? raw : pointOf(raw, context);
    const line = point instanceof RecordFault ? point : admitted(point, context);
    if (line instanceof RecordFault) lines.refuse(line);
    else lines.add(line);
  }
  return lines.done();
};

/** The line of a point whose series may be taken in. */
export function admitted(point: MetricPoint, { admits }: TranslateContext): string | RecordFault {
  const series = seriesOf(point);
  if (admits(series)) return lineOf(point, series);
  const what = `the tenant's budget of series for today is spent, and this is a new one of ${point.name}`;
  return new RecordFault('', 'SERIES_BUDGET', `${what}; take labels of many values (ids, paths) off it, or raise metrics.seriesPerDay`);
}

function pointOf(raw: unknown, { observedUs, defaults }: TranslateContext): MetricPoint | RecordFault {
  if (!isObject(raw)) return new RecordFault('', 'NOT_AN_OBJECT', 'a metric is a JSON object with name and value');
  const { name, type = 'gauge', unit, timestamp, start, temporality } = raw;
  const invalid = (path: string, detail: string) => new RecordFault(path, 'INVALID_METRIC', detail);
  if (typeof name !== 'string' || name === '' || name.length > maxNameChars)
    return invalid('name', `a metric has a name of 1 to ${maxNameChars} characters`);
  if (!isType(type)) return invalid('type', `${JSON.stringify(type)} is none; give gauge, counter or histogram`);
  if (unit !== undefined && typeof unit !== 'string') return invalid('unit', 'a unit is a text, like ms or By');
  if (temporality !== undefined && temporality !== 'delta' && temporality !== 'cumulative')
    return invalid('temporality', `${JSON.stringify(temporality)} is none; give delta or cumulative`);
  const time = timestamp === undefined || timestamp === null ? { us: observedUs, ns: 0 } : readTime(timestamp);
  if (!time) return new RecordFault('timestamp', 'INVALID_TIMESTAMP', 'it is not a time; give RFC 3339 or epoch');
  const began = start === undefined || start === null ? undefined : readTime(start);
  if (start !== undefined && start !== null && !began) return invalid('start', 'it is not a time; give RFC 3339 or epoch');
  const measured = measuredOf(raw, type);
  const fault = 'path' in measured ? measured : faultOfMeasured(type, measured);
  if (fault) return invalid(fault.path, fault.detail);
  if ('path' in measured) return invalid(measured.path, measured.detail);
  const labels = new Map(Object.entries(labelsOf(raw)));
  return {
    name,
    type,
    ...(unit ? { unit } : {}),
    ...(type === 'gauge' ? {} : { temporality: temporality ?? (type === 'counter' ? 'cumulative' : 'delta') }),
    time: formatTime(Math.min(time.us, observedUs + maxAheadUs), time.ns),
    ...(began ? { start: formatTime(began.us, began.ns) } : {}),
    ...defaults,
    ...texts(raw),
    labels,
    ...measured,
  };
}

const isType = (type: unknown): type is (typeof types)[number] => types.includes(type as 'gauge');

function texts(raw: Record<string, unknown>): { service?: string; host?: string; env?: string } {
  const found: Record<string, string> = {};
  for (const name of ['service', 'host', 'env']) if (typeof raw[name] === 'string' && raw[name] !== '') found[name] = raw[name];
  return found;
}

/** `attributes`, `labels` and every field that is none of ours, flat. */
function labelsOf(raw: Record<string, unknown>): Attributes {
  const labels: Attributes = {};
  for (const [name, value] of Object.entries(raw)) {
    if ((name === 'attributes' || name === 'labels') && isObject(value)) for (const key in value) keepAttribute(labels, key, value[key]);
    else if (!fieldsKnown.has(name)) keepAttribute(labels, name, value);
  }
  return labels;
}

type Numbers = {
  value?: number;
  count?: number;
  sum?: number;
  min?: number;
  max?: number;
  buckets?: { bounds: number[]; counts: number[] };
};

function measuredOf(raw: Record<string, unknown>, type: string): Numbers | { path: string; detail: string } {
  const { value, bounds, counts } = raw;
  if (value !== undefined && typeof value !== 'number')
    return { path: 'value', detail: `${JSON.stringify(value)?.slice(0, 60)} is no number` };
  if (type !== 'histogram') return value === undefined ? {} : { value };
  if (value !== undefined) return { count: 1, sum: value, min: value, max: value, buckets: { bounds: [value], counts: [1, 0] } };
  const numbers: Numbers = {};
  for (const name of ['count', 'sum', 'min', 'max'] as const) {
    const number = raw[name];
    if (number === undefined) continue;
    if (typeof number !== 'number') return { path: name, detail: 'it is no number' };
    numbers[name] = number;
  }
  if (bounds === undefined && counts === undefined) return numbers;
  if (!isNumbers(bounds)) return { path: 'bounds', detail: 'bounds are an array of numbers' };
  if (!isNumbers(counts)) return { path: 'counts', detail: 'counts are an array of numbers, one more than bounds' };
  const total = counts.reduce((sum, n) => sum + n, 0);
  return { count: total, ...numbers, buckets: { bounds, counts } };
}

const isNumbers = (value: unknown): value is number[] => Array.isArray(value) && value.every((item) => typeof item === 'number');
