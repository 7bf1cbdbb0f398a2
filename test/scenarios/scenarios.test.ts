import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { differences } from './match.ts';
import { readScenarios, runScenario } from './run-scenario.ts';
import { type Host, serveArray } from './serve-array.ts';
import { serveCloud } from './serve-cloud.ts';
import { serveEmbedded } from './serve-embedded.ts';

const scenarios = readScenarios();

/** The hosts that every scenario runs on. */
const hosts: { name: string; start(): Promise<Host> }[] = [
  { name: 'array', start: () => serveArray() },
  { name: 'embedded', start: serveEmbedded },
  { name: 'cloud', start: serveCloud },
];

test('the numbered scenarios were found', () => {
  expect(scenarios.length).toBeGreaterThan(15);
});

describe.each(hosts)('on the $name host', ({ start }) => {
  let shared: Host;
  beforeAll(async () => {
    shared = await start();
  });
  afterAll(() => shared.stop());

  test.each(scenarios.map((scenario) => [scenario.file, scenario.name, scenario] as const))('%s: %s', async (_file, _name, scenario) => {
    const host = scenario.host === 'fresh' ? await start() : shared;
    try {
      await runScenario(scenario, host.address);
    } finally {
      if (host !== shared) await host.stop();
    }
  });
});

test.each([
  [{ a: 1, more: 2 }, { a: 1 }, 0],
  [{ a: 1 }, { a: 2 }, 1],
  [{ items: [1, 2] }, { items: [1] }, 1],
  [{ items: [1, 2] }, { items: { $length: 3 } }, 1],
  [{ a: 'x' }, { a: '$absent' }, 1],
  [{ a: 'login failed' }, { a: '/^login/' }, 0],
  [{ a: 'logout' }, { a: '/^login/' }, 1],
  [{}, { a: '/./' }, 1],
  [{ a: 0 }, { a: false }, 1],
  [undefined, { a: 1 }, 1],
  [{ b: 1, a: 2 }, { $keys: ['a', 'b', 'c'] }, 1],
])('the matcher finds in %j against %j so many differences: %i', (actual, wanted, count) => {
  expect(differences(actual, wanted)).toHaveLength(count);
});
