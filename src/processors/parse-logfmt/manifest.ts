import { defineManifest } from '../../core/processor.ts';

const observed = { timestamp: 1_763_683_200_000_000, observed_timestamp: 1_763_683_200_000_000 };

export default defineManifest({
  name: 'parse-logfmt',
  summary: 'Reads a message that consists of key=value pairs (logfmt), by the names and aliases of an ingested record',
  options: {},
  examples: [
    {
      name: 'a line of a Go service',
      options: {},
      in: {
        ...observed,
        message: 'ts=2025-11-20T10:00:00Z level=error msg="could not \\"pay\\"" svc=pay status=502 retry=false took=1.5s',
      },
      out: {
        timestamp: Date.UTC(2025, 10, 20, 10) * 1000,
        level: 'error',
        severity: 17,
        message: 'could not "pay"',
        attributes: { svc: 'pay', status: 502, retry: false, took: '1.5s' },
      },
    },
    {
      name: 'without a message of its own it stays as it was',
      options: {},
      in: { message: 'a=1 b=' },
      out: { attributes: { a: 1, b: '' } },
    },
    { name: 'text beside the pairs', options: {}, in: { message: 'took a=1 b=2' }, out: {} },
    { name: 'a single pair', options: {}, in: { message: 'x=1' }, out: {} },
  ],
});
