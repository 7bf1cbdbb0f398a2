import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Message, maxPatterns, PatternMiner } from '../../src/alerts/patterns/miner.ts';
import { simulate } from '../../src/simulate/simulate.ts';

const messageOf = (message: string, at = 0, more: Partial<Message> = {}): Message => ({
  ...{ id: `id-${at}`, message, service: 'api', level: 'info', timestampUs: at, observedUs: at },
  ...more,
});

/** The statement that wrote a message of the simulated shop: its words without what the statement puts in. */
const statementOf = (message: string): string =>
  message
    .split('\n')[0]!
    .replace(/"(GET|POST) /, '"M ')
    .replace(/(GET|POST|M) \/\S*/, '$1 P')
    .replace(/for \/\S*/, 'for P')
    .replace(/kind=\w+/, 'kind=K')
    .replace(/(ch_|job-|app\.)[0-9a-f]+/g, '$1H')
    .replace(/\d+(\.\d+)*/g, 'N');

describe('patterns of messages', () => {
  test('group what the simulated shop says by the statements that said it', () => {
    const miner = new PatternMiner();
    const groups = new Map<string, Set<string>>();
    const counts = new Map<string, number>();
    let total = 0;
    for (const { atMs, record } of simulate({ seed: 1, ratePerS: 20, startMs: 0, durationMs: 20 * 60_000 })) {
      const { pattern } = miner.add(messageOf(record.message, atMs, record));
      const statement = statementOf(record.message);
      groups.set(statement, (groups.get(statement) ?? new Set()).add(pattern.id));
      groups.set(pattern.id, (groups.get(pattern.id) ?? new Set()).add(statement));
      counts.set(statement, (counts.get(statement) ?? 0) + 1);
      total++;
    }
    // As the papers count it: a message is grouped right where its group and its statement are the same set of messages.
    const isRight = (statement: string) => groups.get(statement)!.size === 1 && groups.get([...groups.get(statement)!][0]!)!.size === 1;
    const right = [...counts].reduce((sum, [statement, n]) => sum + (isRight(statement) ? n : 0), 0);
    const wrong = [...counts.keys()].filter((statement) => !isRight(statement));
    console.log(
      `grouping accuracy ${(right / total).toFixed(4)} of ${total} messages, ${counts.size} statements, ${miner.mined.patterns.length} patterns`,
      wrong,
    );
    expect(right / total).toBeGreaterThanOrEqual(0.98);
  });

  test('have wildcards where words vary, counts, services, levels, times and samples', () => {
    const miner = new PatternMiner();
    miner.add(messageOf('user 17 logged in from 10.0.0.1', 5, { service: 'web' }));
    miner.add(messageOf('user 18 logged in from 10.0.0.2', 3));
    miner.add(messageOf('disk full', 9, { level: 'error' }));
    expect(miner.mined.patterns.map(({ tokens, ...rest }) => ({ text: tokens.join(' '), ...rest }))).toMatchObject([
      {
        text: 'user <*> logged in from <*>',
        ...{ count: 2, services: { web: 1, api: 1 }, levels: { info: 2 }, firstUs: 3, lastUs: 5, metUs: 5 },
        sampleIds: ['id-5', 'id-3'],
      },
      { text: 'disk full', count: 1, levels: { error: 1 } },
    ]);
  });

  const words = fc.array(fc.constantFrom('user', 'order', 'paid', 'failed', '17', 'kind=a', 'kind=b', '/x/y', 'of'), {
    minLength: 1,
    maxLength: 6,
  });
  const messages = fc.array(words, { maxLength: 60 }).map((list) => list.map((parts, at) => messageOf(parts.join(' '), at)));

  test('are the same for the same messages, also when the miner was stored in between', () => {
    fc.assert(
      fc.property(messages, fc.nat(60), (list, cut) => {
        const whole = new PatternMiner();
        for (const message of list) whole.add(message);
        const first = new PatternMiner();
        for (const message of list.slice(0, cut)) first.add(message);
        const second = new PatternMiner(JSON.parse(JSON.stringify(first.mined)));
        for (const message of list.slice(cut)) second.add(message);
        const sums = (miner: PatternMiner) => miner.mined.patterns.reduce((sum, { count }) => sum + count, 0);
        expect(sums(second)).toBe(sums(whole));
        expect(sums(whole)).toBe(list.length);
      }),
    );
  });

  test('add up: no message is lost or counted twice', () => {
    fc.assert(
      fc.property(messages, messages, (a, b) => {
        const [left, right] = [new PatternMiner(), new PatternMiner()];
        for (const message of a) left.add(message);
        for (const message of b) right.add(message);
        left.merge(right.mined);
        expect(left.mined.patterns.reduce((sum, { count }) => sum + count, 0)).toBe(a.length + b.length);
      }),
    );
  });

  test('take bounded room, and fit a value of the state store, whatever comes', () => {
    const miner = new PatternMiner();
    const word = (n: number) => [...String(n)].map((digit) => 'abcdefghij'[Number(digit)]).join('');
    for (let i = 0; i < 4 * maxPatterns; i++) {
      const long = Array.from({ length: 60 }, (_, k) => `${word(i)}${word(k)}`).join(' ');
      miner.add(messageOf(i % 2 === 0 ? `${word(i)} ${word(i * 7)} x` : long, i, { service: `s${i}` }));
    }
    const { patterns, forgotten } = miner.mined;
    expect(patterns.length).toBeLessThanOrEqual(maxPatterns);
    expect(forgotten).toBeGreaterThan(0);
    expect(Buffer.byteLength(JSON.stringify(miner.mined))).toBeLessThan(340_000);
  });
});
