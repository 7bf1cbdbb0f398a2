import type { Query } from './client.ts';
import { type Options, text, texts, type Values } from './command.ts';

/** Options that filter records, as `GET /api/logs` and the live tail take them. */
export const filterOptions = {
  search: { type: 'string', value: 'TEXT', help: 'text that the message contains, in any case' },
  service: { type: 'string', short: 's', multiple: true, value: 'NAME', help: 'the service; may be repeated' },
  level: { type: 'string', short: 'l', multiple: true, value: 'LEVEL', help: 'the level; may be repeated' },
  'min-level': { type: 'string', short: 'm', value: 'LEVEL', help: 'this level or a higher one' },
  env: { type: 'string', multiple: true, value: 'NAME', help: 'the environment; may be repeated' },
  host: { type: 'string', multiple: true, value: 'NAME', help: 'the host; may be repeated' },
  trace: { type: 'string', value: 'ID', help: 'the trace' },
} satisfies Options;

/** The filters as parameters of the API; words that stand alone are the query language. */
export function filterQuery(values: Values, positionals: string[]): Query {
  return {
    q: positionals.length > 0 ? positionals.join(' ') : undefined,
    search: text(values, 'search'),
    service: texts(values, 'service'),
    level: texts(values, 'level'),
    min_level: text(values, 'min-level'),
    env: texts(values, 'env'),
    host: texts(values, 'host'),
    trace_id: text(values, 'trace'),
  };
}

/** Options that say when. */
export const timeOptions = {
  last: { type: 'string', value: 'TIME', help: 'the last so long: 15m, 24h, 7d' },
  from: { type: 'string', value: 'TIME', help: 'at this time or later, RFC 3339 or epoch' },
  to: { type: 'string', value: 'TIME', help: 'before this time' },
} satisfies Options;

/** The times as parameters of the API. */
export const timeQuery = (values: Values): Query => ({ last: text(values, 'last'), from: text(values, 'from'), to: text(values, 'to') });
