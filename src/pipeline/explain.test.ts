import { expect, test } from 'vitest';
import { processConfig } from '../processors/registry.ts';
import { createExplain, type ExplainContext } from './explain.ts';

const context: ExplainContext = {
  tenant: 'acme',
  observedUs: Date.UTC(2026, 10, 21) * 1000,
  defaults: {},
  hash: (text) => text,
  position: { generation: 1, partition: 0, offset: 0 },
};
const explain = createExplain(
  processConfig.parse({
    steps: [
      { use: 'labels', set: { team: 'web' } },
      { use: 'drop', when: { field: 'status', equals: 204 } },
    ],
  }),
);

test('lists each step that changes the record, with what it changes', () => {
  const raw = { message: '{"msg":"status=200 user=ada","level":"warn"}' };
  expect(explain(raw, context)).toEqual({
    record: {
      timestamp: '2026-11-21T00:00:00.000Z',
      observed_timestamp: '2026-11-21T00:00:00.000Z',
      severity: 13,
      level: 'warn',
      service: 'unknown',
      message: 'status=200 user=ada',
      attributes: { status: 200, user: 'ada', team: 'web' },
    },
    steps: [
      { verb: 'accept', name: 'normalise', change: expect.objectContaining({ level: 'info', message: raw.message }) },
      { verb: 'process', name: 'parse-json', change: { severity: 13, level: 'warn', message: 'status=200 user=ada' } },
      { verb: 'process', name: 'parse-logfmt', change: { 'attributes.status': 200, 'attributes.user': 'ada' } },
      { verb: 'process', name: 'labels', change: { 'attributes.team': 'web' } },
    ],
    outcome: 'keep',
  });
});

test('says which step dropped it and why, and shows the masks', () => {
  const dropped = explain({ message: 'status=204 a=b' }, context);
  expect(dropped).toMatchObject({ outcome: 'drop', reason: 'rule', record: { attributes: { status: 204 } } });
  expect(dropped.steps.at(-1)).toEqual({ verb: 'process', name: 'drop', change: { dropped: true } });
  const masked = explain(
    { message: 'user=ada password=x' },
    { ...context, maskRecord: (record) => ({ ...record, attributes: { user: 'ada' } }) },
  );
  expect(masked.steps.at(-1)).toEqual({ verb: 'process', name: 'mask', change: { 'attributes.password': null, 'attributes.team': null } });
});

test('says why a value is no record, and leaves it as it was', () => {
  expect(explain({ timestamp: 'yesterday' }, context)).toMatchObject({
    outcome: 'dead',
    steps: [],
    reason: expect.stringContaining('INVALID_TIMESTAMP: timestamp'),
  });
  const raw = { timestamp: '2026-11-20T00:00:00Z', level: 'info', attributes: { trace_id: 'ab'.repeat(16) } };
  const before = structuredClone(raw);
  explain(raw, context);
  expect(raw).toEqual(before);
});
