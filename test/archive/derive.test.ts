import { expect, test, vi } from 'vitest';
import { silentLog } from '../../src/core/ports/log.ts';
import { createMaintenance } from '../../src/pipeline/maintain.ts';
import { createRetention } from '../../src/pipeline/retain.ts';
import { summaries } from '../../src/pipeline/summarise.ts';
import { hourLogs } from '../../src/pipeline/write-hours.ts';
import { hourMs, openArchive, startMs, upTo } from './open-archive.ts';

function openMaintained() {
  const archive = openArchive();
  const { runner, catalogue, state, warm, clock, compactor, aggregate, search } = archive;
  const replaced: string[] = [];
  const replace = warm.replace.bind(warm);
  warm.replace = (name, parts) => {
    replaced.push(name);
    return replace(name, parts);
  };
  const retention = createRetention({ runner, catalogue, state, clock, warmDays: () => 30, maxWarmDays: 30 });
  const derivations = [summaries(aggregate), hourLogs(search)];
  const maintenance = createMaintenance({ compactor, retention, derivations, catalogue, state, warm, aggregate, clock, log: silentLog });
  const text = async (name: string) => new TextDecoder().decode(await warm.get(name));
  return { ...archive, maintenance, retention, replaced, text };
}
const summaryName = 'tenant=acme/analytics/2026-11-21/summary_08.json';
const logName = 'tenant=acme/logs/2026-11-21/08.log.json';

test('an hour is summarised and written as lines when it is over, and again only when late data changed it', async () => {
  const { commit, maintenance, clock, replaced, text } = openMaintained();
  await commit([[0, 10]], {
    give: (offset) => (offset < 2 ? { service: 'web', level: 'error', attributes: { path: '/p1', user_agent: 'curl' } } : {}),
  });
  await maintenance.compact(true);
  expect(replaced).toEqual([]);
  clock.advance(hourMs + 300_000);
  await maintenance.compact(false);
  expect(JSON.parse(await text(summaryName))).toEqual({
    hour: '2026-11-21T08',
    total: 10,
    by_service: { api: 8, web: 2 },
    by_level: { info: 8, error: 2 },
    by_path: { '/p1': 6, '/p0': 4 },
    by_user_agent: { curl: 2 },
  });
  const lines = (await text(logName))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ message }) => message)).toEqual(upTo(10).map((offset) => `record ${offset}`));
  expect(lines[0]).toMatchObject({ timestamp: '2026-11-21T08:00:00.000Z', service: 'web', attributes: { path: '/p1' } });

  await commit([[10, 12]], { give: () => ({ timestamp: (startMs + 2 * hourMs) * 1000 }) });
  await maintenance.compact(true);
  expect(replaced).toEqual([summaryName, logName]);

  await commit([[12, 13]], { give: () => ({ timestamp: startMs * 1000 }) });
  await maintenance.compact(true);
  expect(replaced).toEqual([summaryName, logName, summaryName, logName]);
  expect(JSON.parse(await text(summaryName)).total).toBe(11);
});

test('lines go with their records, the summary stays', async () => {
  const { commit, maintenance, retention, compactor, clock, warm } = openMaintained();
  await commit([[0, 3]]);
  clock.advance(hourMs + 300_000);
  await maintenance.compact(false);
  clock.advance(31 * 24 * hourMs);
  await retention.run();
  await maintenance.compact(false);
  clock.advance(900_001);
  await compactor.collect();
  expect((await warm.list('')).map(({ name }) => name)).toEqual([summaryName]);
  expect(await maintenance.analytics('acme', '2026-11-21T08')).toMatchObject({ total: 3 });
});

test('a pass begins when commits pause, one that failed is tried again, and none begins after the stop', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { commit, maintenance, state, catalogue } = openMaintained();
    const level0 = async () => (await catalogue.partitions())[0]?.files.length;
    const add = async (from: number, to: number) => {
      for (let offset = from; offset < to; offset++) {
        await commit([[offset, offset + 1]]);
        maintenance.committed();
      }
    };
    maintenance.start();
    await add(0, 9);
    await vi.advanceTimersByTimeAsync(9_000);
    expect(await level0()).toBe(9);
    const transact = state.transact.bind(state);
    state.transact = async () => {
      throw new Error('disk on fire');
    };
    await vi.advanceTimersByTimeAsync(1_000);
    state.transact = transact;
    expect(await level0()).toBe(9);
    await vi.advanceTimersByTimeAsync(30_000);
    await vi.waitUntil(async () => (await level0()) === 0);
    await maintenance.stop();
    await add(9, 18);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await level0()).toBe(9);
  } finally {
    vi.useRealTimers();
  }
});

test('analytics answer for the present hour, and for one whose records are gone', async () => {
  const { commit, maintenance, clock, warm, catalogue } = openMaintained();
  await commit([[0, 3]]);
  expect(await maintenance.analytics('acme', '2026-11-21T08')).toMatchObject({ hour: '2026-11-21T08', total: 3 });
  expect(await maintenance.analytics('acme', '2026-11-21T09')).toBeUndefined();
  await expect(maintenance.analytics('acme', '2026-11-21 08:00')).rejects.toMatchObject({ code: 'INVALID_PARAMETER' });
  await warm.replace('tenant=acme/analytics/2026-01-01/summary_05.json', [new TextEncoder().encode('{"hour":"2026-01-01T05","total":7}')]);
  expect(await maintenance.analytics('acme', '2026-01-01T05')).toMatchObject({ total: 7 });
  expect(await maintenance.storage('acme')).toMatchObject([
    { tier: 'level0', files: 1, rows: 3 },
    { tier: 'compacted', files: 0 },
  ]);
  clock.advance(hourMs + 300_000);
  await maintenance.compact(false);
  const [level0, compacted] = await maintenance.storage(undefined);
  expect(level0?.files).toBe(0);
  const file = (await catalogue.days('acme', ['2026-11-21']))[0]!.files[0]!;
  expect(compacted).toEqual({ tier: 'compacted', files: 1, bytes: (await warm.get(file.name)).byteLength, rows: 3 });
});
