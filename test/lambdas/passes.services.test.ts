import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KeyClaims } from '../../src/adapters/queue/kafka/key-claims.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { encode } from '../archive/open-archive.ts';
import { aws } from '../contract/aws-bench.ts';
import type { RunningFunction } from './run-function.ts';
import { openStage, type Stage } from './stage.ts';

const schedule: unknown = JSON.parse(readFileSync(new URL('./events/schedule.json', import.meta.url), 'utf8'));
const dayMs = 86_400_000;

describe.skipIf(!aws)('passes over committed files', () => {
  let stage: Stage;
  let compact: RunningFunction;
  let retention: RunningFunction;
  beforeAll(async () => {
    stage = await openStage(['compact', 'retention']);
    compact = stage.start('compact');
    retention = stage.start('retention', { env: { LOGDRIVE_WARM_DAYS: '3' } });
  });
  afterAll(() => stage?.close());

  /** A file of level 0 with records that were observed so many days ago. */
  async function commit(from: number, to: number, daysAgo = 0): Promise<void> {
    const archive = createArchive({ runner: new StepRunner(stage.state, stage.warm) });
    const observedUs = (Date.now() - daysAgo * dayMs) * 1_000;
    const offsets = Array.from({ length: to - from }, (_, i) => from + i);
    const part = encode(offsets, () => ({ timestamp: observedUs, observed_timestamp: observedUs }));
    await archive.commit({ generation: 1, partition: 0, part, done: [[from, to]], dropped: {}, dead: [], minutes: [] });
  }
  const filesOf = async () => {
    const catalogue = createCatalogue({ runner: new StepRunner(stage.state, stage.warm), state: stage.state });
    const level0 = (await catalogue.partitions()).flatMap(({ files }) => files);
    const days = await Promise.all((await catalogue.tenants()).map(({ tenant, days: names }) => catalogue.days(tenant, names)));
    const compacted = days.flat().flatMap(({ files }) => files);
    return { level0: level0.length, compacted: compacted.length, rows: compacted.reduce((sum, { info }) => sum + info.rows, 0) };
  };

  test('compaction leaves what is not due alone, and absorbs all of it when asked to', async () => {
    for (let i = 0; i < 3; i++) await commit(i * 10, i * 10 + 10);
    expect(await compact.answer(schedule)).toEqual({ read: 0, written: 0, derived: 0 });
    expect(await compact.answer({ all: true })).toMatchObject({ read: 3 });
    expect(await filesOf()).toEqual({ level0: 0, compacted: 1, rows: 30 });
    expect(compact.starts).toBe(1);
    expect(compact.json).toContainEqual(expect.objectContaining({ level: 'info', message: 'compacted', read: 3, function: 'compact' }));
    expect(compact.json).toContainEqual(expect.objectContaining({ stage: 'test', function: 'compact', logdrive_files_written_total: 1 }));
  });

  test('two compactions at once take every row once', async () => {
    for (let i = 3; i < 6; i++) await commit(i * 10, i * 10 + 10);
    const other = stage.start('compact');
    await Promise.all([compact.answer({ all: true }), other.answer({ all: true })]);
    expect(await filesOf()).toMatchObject({ level0: 0, rows: 60 });
  });

  test('retention forgets idempotency keys of the day before yesterday, and only those', async () => {
    const body = { payload: Buffer.from('{}'), total: 1, accepted: undefined, count: 1, defaults: {}, requestId: 'r', rulesVersion: 0 };
    const use = async (key: string, daysAgo: number) => {
      const claims = new KeyClaims(stage.state, { nowMs: () => Date.now() - daysAgo * dayMs });
      const idempotency = { key, bodyHmac: Buffer.from('hmac') };
      const batch = { ...body, tenant: 'acme', observedUs: 1, format: 'ndjson' as const, idempotency };
      const held = await claims.take(batch, { generation: 1, partition: 0, from: 0 });
      if ('claim' in held) await claims.finish(held, { generation: 1, partition: 0, runs: [[0, 1]], count: 1 });
    };
    await use('old', 2);
    await use('new', 0);
    expect(await retention.answer(schedule)).toMatchObject({ keys: 1 });
    const now = new KeyClaims(stage.state, { nowMs: () => Date.now() });
    expect(await now.find('acme', 'old')).toBeUndefined();
    expect(await now.find('acme', 'new')).toMatchObject({ runs: [[0, 1]] });
  });

  test('retention condemns what is older than its days, and only that', async () => {
    await commit(60, 70, 5);
    expect(await compact.answer({ all: true })).toMatchObject({ read: expect.any(Number) });
    expect(await filesOf()).toMatchObject({ rows: 70 });
    expect(await retention.answer(schedule)).toMatchObject({ expired: 1, deleted: 0 });
    expect(await filesOf()).toMatchObject({ rows: 60 });
    expect(await retention.answer(schedule)).toMatchObject({ expired: 0 });
  });

  test('a store that is away fails the invocation, and the next one goes on', async () => {
    const lost = stage.start('compact', { env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' } });
    expect(await lost.invoke(schedule)).toMatchObject({
      kind: 'failed',
      error: { errorMessage: expect.stringMatching(/DynamoDB|did not answer|store/i) },
    });
    expect(await compact.answer(schedule)).toMatchObject({ read: 0 });
  });

  test('a function whose environment is wrong does not start, and says why', async () => {
    const wrong = stage.start('compact', { env: { LOGDRIVE_TABLE: '' } });
    expect(await wrong.invoke(schedule)).toMatchObject({
      kind: 'failed',
      error: { errorMessage: expect.stringContaining('LOGDRIVE_TABLE') },
    });
  });
});
