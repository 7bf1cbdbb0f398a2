import { expect, test } from 'vitest';
import { deadAfter, type PoisonMarker, PoisonWatch, singleAfter } from './poison.ts';

/** What survives the process. */
function marker(): PoisonMarker {
  const marks = new Map<number, string>();
  return {
    read: (partition) => (marks.has(partition) ? JSON.parse(marks.get(partition)!) : undefined),
    write: (partition, mark) => {
      if (mark) marks.set(partition, JSON.stringify(mark));
      else marks.delete(partition);
    },
  };
}

/** Lives of a process that dies whenever it works on `poison`; stops when the batch passes. */
function livesUntilPassed(poison: number, batch = { offset: 100, count: 10 }) {
  const kept = marker();
  for (let life = 1; life < 50; life++) {
    const watch = new PoisonWatch(kept, 1);
    const attempt = watch.begin(0, batch.offset, batch.count);
    const dead: number[] = [];
    let died = false;
    for (let offset = batch.offset; offset < batch.offset + batch.count && !died; offset++) {
      if (attempt.single) watch.beginOne(0, offset);
      if (attempt.crashed(offset)) dead.push(offset);
      else died = offset === poison;
    }
    if (died) continue;
    watch.end(0);
    return { life, dead, left: kept.read(0) };
  }
  throw new Error('it never passed');
}

test('a record that kills the process is set aside after its attempts, and it alone', () => {
  expect(livesUntilPassed(104)).toEqual({ life: deadAfter + 1, dead: [104], left: undefined });
});

test('a batch that passes leaves no mark', () => {
  expect(livesUntilPassed(-1)).toEqual({ life: 1, dead: [], left: undefined });
});

test('deaths at changing places set nothing aside', () => {
  const kept = marker();
  for (let life = 0; life < 30; life++) {
    const watch = new PoisonWatch(kept, 1);
    const offset = life * 10;
    const attempt = watch.begin(0, offset, 10);
    expect(attempt.single).toBe(false);
    expect(attempt.attempts).toBe(1);
  }
});

test('records are marked one by one only after several deaths on one batch', () => {
  const kept = marker();
  const singles = Array.from({ length: singleAfter + 1 }, () => new PoisonWatch(kept, 1).begin(0, 0, 5).single);
  expect(singles).toEqual([...Array(singleAfter).fill(false), true]);
});
