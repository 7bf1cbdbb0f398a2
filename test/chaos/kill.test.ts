import { describe, expect, test } from 'vitest';
import { type Plant, plants } from './plants.ts';
import { runChaos } from './run.ts';

const timeoutMs = 120_000;
const readyWithinMs = 5_000;
/** All of them with `LOGDRIVE_CHAOS=all`: each takes some seconds. */
const planted: Plant[] =
  process.env.LOGDRIVE_CHAOS === 'all' ? (Object.keys(plants) as Plant[]) : ['ack-before-durable', 'client-ids-unchecked'];

describe('a host that is killed at random moments', () => {
  test('loses nothing that it acknowledged, shows nothing twice, and accounts for everything', { timeout: timeoutMs }, async () => {
    const report = await runChaos({ kills: 12, records: 100_000, seed: 7 });
    expect(report.faults).toEqual([]);
    // Of all restarts, since other tests want the cores at the same time; `kill.ts` alone tells the longest.
    expect(report.ready.median).toBeLessThan(readyWithinMs);
    expect(report.ledger?.accepted).toBeGreaterThanOrEqual(100_000);
    expect(report.pages).toBeGreaterThan(20);
  });

  test.each(planted)('is found out with a bug planted: %s', { timeout: timeoutMs }, async (plant) => {
    const found: string[] = [];
    for (let seed = 1; seed <= 3 && found.length === 0; seed++)
      found.push(...(await runChaos({ kills: 4, records: 8_000, seed, plant })).faults);
    expect(found).not.toEqual([]);
  });
});
