import { harmless, type Style } from './style.ts';

/** A record as the API answers it. */
export type ShownRecord = {
  id: string;
  timestamp: string;
  level: string;
  service: string;
  env?: string;
  host?: string;
  message?: string;
  trace_id?: string;
  attributes: Record<string, string | number | boolean>;
};

const colourOfLevel: Record<string, keyof Style> = {
  trace: 'dim',
  debug: 'dim',
  info: 'green',
  warn: 'yellow',
  error: 'red',
  fatal: 'magenta',
};
const maxAttributes = 8;

/** A record as a line for people: time, level, service, message; with `wide` also host, trace, id and attributes. */
export function showRecord(record: ShownRecord, style: Style, wide: boolean): string {
  const { timestamp, level, service, host, message = '', trace_id, attributes, id } = record;
  const colour = colourOfLevel[level] ?? 'dim';
  const head = [
    style.dim(timestamp.replace('T', ' ').replace('Z', '')),
    style[colour](level.toUpperCase().padEnd(5)),
    style.cyan(harmless(service)),
  ];
  const line = `${head.join('  ')}  ${harmless(message)}`;
  if (!wide) return line;
  const shown = Object.entries(attributes).slice(0, maxAttributes);
  const more = Object.keys(attributes).length - shown.length;
  const rest = [
    `id=${id}`,
    ...(host ? [`host=${host}`] : []),
    ...(trace_id ? [`trace_id=${trace_id}`] : []),
    ...shown.map(([key, value]) => `${key}=${value}`),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
  return `${line}\n    ${style.dim(harmless(rest.join('  ')))}`;
}
