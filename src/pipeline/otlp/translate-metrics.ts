import {
  type ExponentialHistogramDataPoint,
  ExportMetricsServiceRequestSchema,
  type HistogramDataPoint,
  type Metric,
  type NumberDataPoint,
  type SummaryDataPoint,
} from '../../../gen/opentelemetry/proto/metrics_pb.ts';
import { RecordFault } from '../../core/record-fault.ts';
import { tooManyRecords } from '../accept/record-limit.ts';
import { Lines, type Translate } from '../accept/translate.ts';
import { faultOfMeasured, type Measured, type MetricPoint, type MetricType, type Temporality } from '../measure/point.ts';
import { admitted } from '../measure/read-points.ts';
import { readRequest } from './read-request.ts';
import { jsonOf, type Origin, originOf, timeOf } from './values.ts';

type DataPoint = NumberDataPoint | HistogramDataPoint | ExponentialHistogramDataPoint | SummaryDataPoint;

/** The point says that there is no value now; the series has ended or pauses. */
const noRecordedValue = 1;
const delta = 1;

/** Turns an ExportMetricsServiceRequest into records, one a data point. */
export const translateMetrics: Translate = (body, context) => {
  const { contentType, limits } = context;
  const lines = new Lines(limits.records, () => tooManyRecords(limits));
  const request = readRequest(ExportMetricsServiceRequestSchema, body, contentType);
  for (const { resource, scopeMetrics } of request.resourceMetrics) {
    for (const { scope, metrics } of scopeMetrics) {
      const origin = originOf(resource, scope);
      for (const metric of metrics) {
        for (const point of pointsOf(metric)) {
          const line = lineOf(metric, point, origin, context);
          if (line instanceof RecordFault) lines.refuse(line);
          else lines.add(line);
        }
      }
    }
  }
  return lines.done();
};

const pointsOf = ({ data }: Metric): DataPoint[] =>
  ((data.value?.dataPoints ?? []) as DataPoint[]).filter(({ flags }) => (flags & noRecordedValue) === 0);

function lineOf(metric: Metric, point: DataPoint, origin: Origin, context: Parameters<Translate>[1]): string | RecordFault {
  if (metric.name === '') return new RecordFault('name', 'INVALID_METRIC', 'a metric has a name');
  const { type, temporality } = kindOf(metric);
  const measured = measuredOf(point);
  const fault = faultOfMeasured(type, measured);
  if (fault) return new RecordFault(fault.path, 'INVALID_METRIC', `${metric.name}: ${fault.detail}`);
  const { service, host, env } = origin;
  const time = timeOf(point.timeUnixNano);
  const start = timeOf(point.startTimeUnixNano);
  const labels = new Map(origin.values);
  for (const { key, value } of point.attributes) labels.set(key, jsonOf(value));
  const whole: MetricPoint = {
    name: metric.name,
    type,
    ...(metric.unit === '' ? {} : { unit: metric.unit }),
    ...(temporality ? { temporality } : {}),
    ...(time ? { time } : {}),
    // A delta's start is the time of the point before: it says nothing of resets.
    ...(start && temporality === 'cumulative' ? { start } : {}),
    ...(service ? { service } : {}),
    ...(host ? { host } : {}),
    ...(env ? { env } : {}),
    labels,
    ...measured,
  };
  return admitted(whole, context);
}

function kindOf({ data }: Metric): { type: MetricType; temporality?: Temporality } {
  switch (data.case) {
    case 'sum':
      // A sum that may fall is read as it stands.
      return data.value.isMonotonic ? { type: 'counter', temporality: temporalityOf(data.value) } : { type: 'gauge' };
    case 'histogram':
      return { type: 'histogram', temporality: temporalityOf(data.value) };
    case 'exponentialHistogram':
      return { type: 'exponential_histogram', temporality: temporalityOf(data.value) };
    case 'summary':
      return { type: 'summary', temporality: 'cumulative' };
    default:
      return { type: 'gauge' };
  }
}

const temporalityOf = ({ aggregationTemporality }: { aggregationTemporality: number }): Temporality =>
  aggregationTemporality === delta ? 'delta' : 'cumulative';

function measuredOf(point: DataPoint): Measured {
  if ('value' in point) {
    const { value } = point;
    return value.case === undefined ? {} : { value: Number(value.value) };
  }
  const count = Number(point.count);
  if ('quantileValues' in point) {
    return { count, sum: point.sum, quantiles: point.quantileValues.map(({ quantile, value }) => ({ quantile, value })) };
  }
  const range = {
    count,
    ...(point.sum === undefined ? {} : { sum: point.sum }),
    ...(point.min === undefined ? {} : { min: point.min }),
    ...(point.max === undefined ? {} : { max: point.max }),
  };
  if ('explicitBounds' in point) {
    const counts = point.bucketCounts.map(Number);
    return counts.length === 0 ? range : { ...range, buckets: { bounds: point.explicitBounds, counts } };
  }
  const side = (buckets: { offset: number; bucketCounts: bigint[] } | undefined) => ({
    offset: buckets?.offset ?? 0,
    counts: buckets?.bucketCounts.map(Number) ?? [],
  });
  const { scale, zeroCount, positive, negative } = point;
  return { ...range, exponential: { scale, zeroCount: Number(zeroCount), positive: side(positive), negative: side(negative) } };
}
