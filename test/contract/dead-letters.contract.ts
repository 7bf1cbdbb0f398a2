import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { idOf } from '../../src/core/ids.ts';
import type { DeadLetter, DeadLetters } from '../../src/core/ports/dead-letters.ts';

function letter(offset: number, more: Partial<DeadLetter> = {}): DeadLetter {
  const position = { generation: 0, partition: 1, offset };
  return {
    id: `dl-${idOf(position)}`,
    tenant: 'acme',
    position,
    sink: 'both',
    body: '{"message":"poison"}',
    observedUs: 1_700_000_000_000_000,
    code: 'CRASH',
    detail: 'the process ended 8 times',
    cause: 'CRASH: the process ended N times',
    attempts: 8,
    firstAtMs: 1,
    lastAtMs: 2,
    codeVersion: '0.1.0',
    state: 'dead',
    ...more,
  };
}
const offsetsOf = (letters: DeadLetter[]) => letters.map(({ position }) => position.offset);

/** What every DeadLetters keeps to. `reopen` gives one over the same data. */
export function describeDeadLetters(name: string, open: () => Promise<DeadLetters>, reopen: () => Promise<DeadLetters>): void {
  describe(`DeadLetters: ${name}`, () => {
    let letters: DeadLetters;
    beforeEach(async () => {
      letters = await open();
    });
    afterEach(() => letters.close());

    test('a letter reads back as it was, for its tenant only, also after a restart', async () => {
      await letters.put([letter(7)]);
      expect(await letters.get('acme', letter(7).id)).toEqual(letter(7));
      expect(await letters.get('other', letter(7).id)).toBeUndefined();
      const later = await reopen();
      expect(await later.get('acme', letter(7).id)).toEqual(letter(7));
      await later.close();
    });

    test('the same id again replaces the letter', async () => {
      await letters.put([letter(7)]);
      await letters.put([letter(7, { attempts: 9 })]);
      expect(await letters.list({})).toEqual([letter(7, { attempts: 9 })]);
    });

    test('letters are listed oldest first, filtered and in pages', async () => {
      await letters.put([letter(9), letter(1), letter(5, { tenant: 'other' }), letter(40_000, { cause: 'OTHER: x' })]);
      expect(offsetsOf(await letters.list({ tenant: 'acme' }))).toEqual([1, 9, 40_000]);
      expect(offsetsOf(await letters.list({ tenant: 'acme', cause: 'OTHER: x' }))).toEqual([40_000]);
      expect(offsetsOf(await letters.list({ ids: [letter(1).id, letter(5).id] }))).toEqual([1, 5]);
      expect(await letters.list({ ids: [] })).toEqual([]);
      expect(offsetsOf(await letters.list({ limit: 2 }))).toEqual([1, 5]);
      expect(offsetsOf(await letters.list({ limit: 2, after: letter(5).id }))).toEqual([9, 40_000]);
    });

    test('a state changes only from the one that it is expected to have', async () => {
      await letters.put([letter(1)]);
      const won = await Promise.all([1, 2, 3].map((atMs) => letters.mark(letter(1).id, 'dead', 'redriven', atMs)));
      expect(won.filter(Boolean)).toHaveLength(1);
      expect(await letters.mark(letter(1).id, 'dead', 'discarded', 5)).toBe(false);
      expect(await letters.mark('dl-none', 'dead', 'discarded', 5)).toBe(false);
      expect((await letters.get('acme', letter(1).id))?.state).toBe('redriven');
      expect(offsetsOf(await letters.list({ state: 'dead' }))).toEqual([]);
      expect(offsetsOf(await letters.list({ state: 'redriven' }))).toEqual([1]);
    });

    test('dead letters are grouped by cause, the most frequent first', async () => {
      const many = [
        letter(1),
        letter(2),
        letter(3, { cause: 'RARE: y' }),
        letter(4, { state: 'discarded' }),
        letter(5, { tenant: 'other' }),
      ];
      await letters.put(many);
      expect(await letters.groups('acme')).toEqual([
        { cause: 'CRASH: the process ended N times', count: 2, sampleId: letter(1).id },
        { cause: 'RARE: y', count: 1, sampleId: letter(3).id },
      ]);
    });
  });
}
