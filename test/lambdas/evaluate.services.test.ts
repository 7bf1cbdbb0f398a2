import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OutboxEntry, outboxPrefix } from '../../src/alerts/transition.ts';
import { Table } from '../../src/columnar/table.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createArchive } from '../../src/pipeline/archive.ts';
import { RuleBook } from '../../src/pipeline/rules/rule-book.ts';
import { StepRunner } from '../../src/pipeline/run-steps.ts';
import { recordOf } from '../archive/open-archive.ts';
import { aws } from '../contract/aws-bench.ts';
import { encodeNow } from '../store/stores.ts';
import { openStage, type Stage } from './stage.ts';

const schedule: unknown = JSON.parse(readFileSync(new URL('./events/schedule.json', import.meta.url), 'utf8'));

describe.skipIf(!aws)('the evaluation of rules', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await openStage(['evaluate']);
  });
  afterAll(() => stage?.close());

  /** Notes that the log ended at `end` so long ago, as the canary does. */
  async function note(end: number, agoMs: number): Promise<void> {
    const key = 'queue/extents';
    const extents = { generation: 1, atMs: Date.now() - agoMs, ranges: [{ partition: 0, start: 0, end }], holes: [], rewound: [] };
    await stage.state.compareAndSet(key, (await stage.state.get(key))?.version ?? 0, extents);
  }

  test('does nothing without rules; with one, what is archived makes it fire once, whichever of two calls is first', async () => {
    const evaluate = stage.start('evaluate', { timeoutMs: 12_000 });
    expect(await evaluate.answer(schedule)).toEqual({ passes: 0, rules: 0, windows: 0, transitions: 0 });
    const atUs = (Date.now() - 180_000) * 1_000;
    const book = new RuleBook({ state: stage.state, clock: { ...systemClock, nowMs: () => atUs / 1_000 - 60_000 } });
    await book.create('acme', { name: 'errors', condition: ['>', ['count', { level: 'error', window: '1m' }], 5] }, 'key');
    const archive = createArchive({ runner: new StepRunner(stage.state, stage.warm) });
    const table = new Table();
    for (let offset = 0; offset < 10; offset++)
      table.add(
        'acme',
        { generation: 1, partition: 0, offset },
        recordOf(offset, { timestamp: atUs, observed_timestamp: atUs, level: 'error' }),
      );
    const part = encodeNow(table);
    await archive.commit({ generation: 1, partition: 0, part, done: [[0, 10]], dropped: {}, dead: [], minutes: [] });
    await note(10, 0);
    const other = stage.start('evaluate', { timeoutMs: 12_000 });
    const results = await Promise.all([evaluate.answer<{ windows: number }>(schedule), other.answer<{ windows: number }>(schedule)]);
    expect(results.some(({ windows }) => windows > 0)).toBe(true);
    const told = (await stage.state.list<OutboxEntry>(outboxPrefix)).flatMap(({ value }) => value.transitions);
    expect(told.map(({ rule, from, to, value }) => [rule, from, to, value])).toEqual([
      ['errors', 'inactive', 'firing', 10],
      ['errors', 'firing', 'resolved', 0],
    ]);
    expect(evaluate.json).toContainEqual(
      expect.objectContaining({ function: 'evaluate', logdrive_evaluation_lag_seconds: expect.any(Number) }),
    );
  });

  test('what the log holds beyond its note is waited for', async () => {
    await note(11, 0);
    const evaluate = stage.start('evaluate', { timeoutMs: 12_000 });
    expect(await evaluate.answer(schedule)).toMatchObject({ rules: 1, windows: 0, transitions: 0 });
  });
});
