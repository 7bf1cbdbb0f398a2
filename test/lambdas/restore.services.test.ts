import { CopyObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { s3Client } from '../../src/adapters/warm/s3/client.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { createCatalogue } from '../../src/pipeline/catalogue.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { encode } from '../archive/open-archive.ts';
import { aws, endpointOf } from '../contract/aws-bench.ts';
import type { RunningFunction } from './run-function.ts';
import { openStage, type Stage } from './stage.ts';

const days = ['2026-01-02', '2026-01-03', '2026-01-04'];

describe.skipIf(!aws)('cold days', () => {
  let stage: Stage;
  let restore: RunningFunction;
  beforeAll(async () => {
    stage = await openStage(['compact', 'restore']);
    restore = stage.start('restore');
    const archive = createArchive({ runner: new StepRunner(stage.state, stage.warm) });
    const timeOf = (offset: number) => Date.parse(days[offset]!) * 1_000;
    const part = encode([0, 1, 2], (offset) => ({ timestamp: timeOf(offset), observed_timestamp: timeOf(offset) }));
    await archive.commit({ generation: 1, partition: 0, part, done: [[0, 3]], dropped: {}, dead: [], minutes: [] });
    await stage.start('compact').answer({ all: true });
    for (const day of days.slice(0, 2)) await freeze(day);
  });
  afterAll(() => stage?.close());

  const catalogue = () => createCatalogue({ runner: new StepRunner(stage.state, stage.warm), state: stage.state });
  const namesOf = async (day: string) => (await catalogue().days('acme', [day])).flatMap(({ files }) => files.map(({ name }) => name));

  /** What a lifecycle rule does in time. */
  async function freeze(day: string): Promise<void> {
    const client = s3Client(endpointOf());
    const Bucket = stage.env.LOGDRIVE_BUCKET!;
    for (const name of await namesOf(day))
      await client.send(new CopyObjectCommand({ Bucket, Key: name, CopySource: `${Bucket}/${name}`, StorageClass: 'DEEP_ARCHIVE' }));
    client.destroy();
  }
  const readable = async (day: string) =>
    stage.warm.get((await namesOf(day))[0]!).then(
      () => true,
      () => false,
    );

  test('a day in the archive is asked for, comes, and can be read; others are left alone', async () => {
    expect(await Promise.all(days.map(readable))).toEqual([false, false, true]);
    const asked = await restore.answer({ tenant: 'acme', from: '2026-01-02', to: '2026-01-02', days: 3, speed: 'bulk' });
    expect(asked).toMatchObject([{ tenant: 'acme', day: '2026-01-02', state: 'coming', files: 1, ready: 0 }]);
    type Day = { state: string; readableUntilMs?: number };
    const look = async () => (await restore.answer<Day[]>({}))[0]!;
    await vi.waitFor(async () => expect((await look()).state).toBe('ready'), { timeout: 20_000, interval: 200 });
    expect((await look()).readableUntilMs! - Date.now()).toBeGreaterThan(2 * 86_400_000);
    expect(await Promise.all(days.map(readable))).toEqual([true, false, true]);
  });

  test('asking twice is asking once, and what was never cold is ready at once', async () => {
    const ask = { tenant: 'acme', from: '2026-01-03', to: '2026-01-31' };
    const first = await restore.answer(ask);
    expect(first).toMatchObject([
      { day: '2026-01-03', state: 'coming' },
      { day: '2026-01-04', state: 'ready', files: 1, ready: 1 },
    ]);
    expect(await restore.answer(ask)).toMatchObject([{ day: '2026-01-03' }, { day: '2026-01-04', state: 'ready' }]);
  });

  test.each([
    [{ tenant: 'acme', from: 'yesterday', to: '2026-01-02' }, /"yesterday" is no day/],
    [{ tenant: 'acme', from: '2026-01-03', to: '2026-01-02' }, /is after/],
    [{ tenant: 'acme', from: '2026-01-02', to: '2026-01-02', days: 0 }, /days/],
    [{ tenant: 'acme', from: '2026-01-02', to: '2026-01-02', speed: 'warp' }, /speed/],
  ])('%j is refused', async (event, message) => {
    expect(await restore.invoke(event)).toMatchObject({ kind: 'failed', error: { errorMessage: expect.stringMatching(message) } });
  });

  test('the days of another tenant are not to be had', async () => {
    expect(await restore.answer({ tenant: 'beta', from: '2026-01-01', to: '2026-12-31' })).toEqual([]);
  });
});
