import { ExportLogsServiceRequestSchema, type LogRecord } from '../../../gen/opentelemetry/proto/logs_pb.ts';
import { tooManyRecords } from '../accept/record-limit.ts';
import { Lines, type Translate } from '../accept/translate.ts';
import { readRequest } from './read-request.ts';
import { attributesOf, idOf, type Origin, originOf, textOf, timeOf } from './values.ts';

/** The severities that a level alone says, by number. */
const levelOf: Record<number, string> = { 1: 'trace', 5: 'debug', 9: 'info', 13: 'warn', 17: 'error', 21: 'fatal' };

/** What a record's own fields are called among its attributes, where it has any. */
const logFields: ReadonlySet<string> = new Set(['trace_id', 'span_id', 'event.name', 'severity_text']);
const none: ReadonlySet<string> = new Set();

/** Turns an ExportLogsServiceRequest into records. */
export const translateLogs: Translate = (body, { contentType, limits }) => {
  const lines = new Lines(limits.records, () => tooManyRecords(limits));
  const request = readRequest(ExportLogsServiceRequestSchema, body, contentType);
  for (const { resource, scopeLogs } of request.resourceLogs) {
    for (const { scope, logRecords } of scopeLogs) {
      const origin = originOf(resource, scope);
      for (const record of logRecords) lines.add(lineOf(record, origin));
    }
  }
  return lines.done();
};

function lineOf(record: LogRecord, origin: Origin): string {
  const time = timeOf(record.timeUnixNano) ?? timeOf(record.observedTimeUnixNano);
  const message = textOf(record.body);
  const head = [
    time === undefined ? '' : `"timestamp":"${time}"`,
    gradeOf(record),
    origin.fields,
    message === undefined ? '' : `"message":${JSON.stringify(message)}`,
  ].filter((part) => part !== '');
  const members = ownMembers(record);
  const attributes = attributesOf(origin, record.attributes, members, members === '' ? none : logFields, 'log.');
  // A record of nothing is one all the same: it says that something happened.
  if (head.length === 0 && attributes === '') return '{"message":""}';
  return `{${head.join(',')}${head.length > 0 ? ',' : ''}"attributes":{${attributes}}}`;
}

function gradeOf({ severityNumber, severityText }: LogRecord): string {
  const level = levelOf[severityNumber];
  if (level !== undefined) return `"level":"${level}"`;
  if (severityNumber >= 1 && severityNumber <= 24) return `"severity_number":${severityNumber}`;
  return severityText === '' ? '' : `"level":${JSON.stringify(severityText)}`;
}

function ownMembers({ traceId, spanId, eventName, severityNumber, severityText }: LogRecord): string {
  const trace = idOf(traceId, 16);
  const span = idOf(spanId, 8);
  const members: string[] = [];
  if (trace) members.push(`"trace_id":"${trace}"`);
  if (span) members.push(`"span_id":"${span}"`);
  if (eventName !== '') members.push(`"event.name":${JSON.stringify(eventName)}`);
  const isSaid = severityText === '' || severityNumber === 0 || severityText.toLowerCase() === levelOf[severityNumber];
  if (!isSaid) members.push(`"severity_text":${JSON.stringify(severityText)}`);
  return members.join(',');
}
