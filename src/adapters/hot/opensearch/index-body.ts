import { maxTermUnits, maxTokenUnits } from '../../../query/compile/opensearch/layout.ts';

/** Version of the layout of documents; an index of another is not written to. */
export const layoutVersion = 1;

/** Shape of the indices: shards, copies, and how many attribute columns one may have. */
export type IndexOptions = {
  shards: number;
  replicas: number;
  /** Fields of one index, its own 30 included; attributes beyond go to `rest`. */
  maxFields: number;
  refreshInterval: string;
};

const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
const keyword = { type: 'keyword', ignore_above: maxTermUnits };
/** A time in microseconds: a date for Dashboards, and the number itself, which is exact. */
const time = { type: 'date', format: 'epoch_micros', fields: { us: { type: 'long' } } };
const column = (objects: string, from: string, mapping: object) => ({
  [`${objects}_${from}`]: { path_match: `${objects}.*`, match_mapping_type: from, mapping },
});

/** Settings and mappings of an index: what `query/compile/opensearch/layout.ts` says, for the node. */
export function indexBody({ shards, replicas, maxFields, refreshInterval }: IndexOptions) {
  return {
    settings: {
      number_of_shards: shards,
      number_of_replicas: replicas,
      refresh_interval: refreshInterval,
      codec: 'best_compression',
      max_regex_length: 10_000,
      'mapping.total_fields.limit': maxFields,
      analysis: {
        // What `fold` does beside lower-casing each letter.
        char_filter: { fold: { type: 'mapping', mappings: ['\u03c2=>\u03c3', '\u0130=>i\u0307'] } },
        tokenizer: {
          token: { type: 'char_group', max_token_length: 1_048_576, tokenize_on_chars: ascii.filter((char) => !/[0-9A-Za-z_]/.test(char)) },
        },
        filter: { cut: { type: 'truncate', length: maxTokenUnits } },
        analyzer: { token: { type: 'custom', char_filter: ['fold'], tokenizer: 'token', filter: ['lowercase', 'cut'] } },
      },
    },
    mappings: {
      _meta: { logdrive_layout: layoutVersion },
      dynamic: false,
      date_detection: false,
      numeric_detection: false,
      dynamic_templates: [
        column('attributes', 'string', keyword),
        column('numbers', 'long', { type: 'double' }),
        column('numbers', 'double', { type: 'double' }),
        column('flags', 'boolean', { type: 'boolean' }),
      ],
      properties: {
        tenant: keyword,
        timestamp: time,
        timestamp_ns: { type: 'short' },
        observed_timestamp: time,
        level: keyword,
        severity: { type: 'long' },
        service: keyword,
        env: keyword,
        host: keyword,
        message: { type: 'match_only_text', analyzer: 'token' },
        trace_id: keyword,
        span_id: keyword,
        client_id: keyword,
        generation: { type: 'short' },
        partition: { type: 'short' },
        offset: { type: 'long' },
        attributes: { type: 'object', dynamic: true },
        numbers: { type: 'object', dynamic: true },
        flags: { type: 'object', dynamic: true },
        rest: { type: 'object', enabled: false },
        marks: { type: 'keyword', doc_values: false },
      },
    },
  };
}
