import { defineManifest } from '../../core/processor.ts';

const observed = { timestamp: 1_763_683_200_000_000, observed_timestamp: 1_763_683_200_000_000 };

export default defineManifest({
  name: 'parse-json',
  summary:
    "Reads a message that is a JSON object, by the names and aliases of an ingested record; the object's own message, if it has one, becomes the message",
  options: {},
  examples: [
    {
      name: 'an application that logs JSON',
      options: {},
      in: {
        ...observed,
        message: '{"ts":"2025-11-20T10:00:00.5Z","lvl":"WARN","msg":"slow query","service":"orders","db":{"ms":812,"table":"cart"},"id":7}',
      },
      out: {
        timestamp: Date.UTC(2025, 10, 20, 10, 0, 0, 500) * 1000,
        level: 'warn',
        severity: 13,
        service: 'orders',
        message: 'slow query',
        attributes: { 'db.ms': 812, 'db.table': 'cart', id: 7 },
      },
    },
    {
      name: 'without a message of its own it stays as it was',
      options: {},
      in: { message: '{"user":"ada","ok":true}' },
      out: { attributes: { user: 'ada', ok: true } },
    },
    {
      name: 'what the sender said stays, and nothing is lost',
      options: {},
      in: { message: '{"level":"debug","msg":"cache miss","host":"pod-1"}', level: 'error', severity: 17, host: 'node-7' },
      out: { message: 'cache miss', attributes: { level: 'debug', host: 'pod-1' } },
    },
    { name: 'no object', options: {}, in: { message: '{not json}' }, out: {} },
  ],
});
