import { expect, test } from 'vitest';
import type { Piece } from './lines.ts';
import { withIdle } from './with-idle.ts';

const piece = (file: string): Piece => ({ file, lines: [], isLast: false });

test('a pause is told once, and everything else passes', async () => {
  const pause = Promise.withResolvers<void>();
  async function* source() {
    yield piece('a');
    await pause.promise;
    yield piece('b');
  }
  const seen: string[] = [];
  for await (const each of withIdle(source(), 5)) {
    seen.push(each === 'idle' ? 'idle' : each.file);
    if (each === 'idle') pause.resolve();
  }
  expect(seen).toEqual(['a', 'idle', 'b']);
});

test('a source without pauses passes as it is, and its error too', async () => {
  async function* source() {
    yield piece('a');
    throw new Error('gone');
  }
  const seen: Piece[] = [];
  await expect(async () => {
    for await (const each of withIdle(source(), 60_000)) seen.push(each);
  }).rejects.toThrow('gone');
  expect(seen).toEqual([piece('a')]);
});
