import { describe, expect, test } from 'vitest';
import { stepSchema } from '../core/processor.ts';
import type { LogRecord } from '../core/record.ts';
import { processors } from './registry.ts';

const observed = Date.UTC(2026, 10, 21) * 1000;
const context = { tenant: 'acme', position: { generation: 1, partition: 0, offset: 7 } };

const recordOf = (fields: Partial<LogRecord>): LogRecord => ({
  timestamp: observed,
  timestamp_ns: 0,
  observed_timestamp: observed,
  level: 'info',
  severity: 0,
  service: 'unknown',
  env: undefined,
  host: undefined,
  message: undefined,
  trace_id: undefined,
  span_id: undefined,
  attributes: {},
  client_id: undefined,
  ...fields,
});

describe.each(processors)('$manifest.name', ({ manifest, create }) => {
  test.each(manifest.examples)('does as its example says: $name', ({ options, in: fields, ...expected }) => {
    const { use: _, ...checked } = stepSchema(manifest).parse({ use: manifest.name, ...options }) as Record<string, unknown>;
    const given = recordOf(fields);
    const before = structuredClone(given);
    const step = create(checked);
    if ('dead' in expected) expect(() => step(given, context)).toThrow(expect.objectContaining({ code: expected.dead }));
    else {
      const { out } = expected;
      const after = step(given, context);
      expect(after).toEqual(out && { ...before, ...out });
      if (out && Object.keys(out).length === 0) expect(after).toBe(given);
    }
    expect(given).toEqual(before);
  });

  test('describes each of its options', () => {
    for (const [name, option] of Object.entries(manifest.options)) {
      expect((option as unknown as { meta(): { description?: string } | undefined }).meta()?.description, name).toBeTruthy();
    }
  });
});
