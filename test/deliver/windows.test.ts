import { expect, test } from 'vitest';
import { hourPrefix } from '../../src/core/windows/apply.ts';
import { windowsKeptUs } from '../../src/core/windows/window.ts';
import { deliverWindows } from '../../src/pipeline/aggregate/deliver-windows.ts';
import { redriveInWindows } from '../../src/pipeline/aggregate/redrive-windows.ts';
import { createWindowRetention } from '../../src/pipeline/aggregate/retain-windows.ts';
import { takeInUs } from '../../src/pipeline/store/watermark.ts';
import { ample, batchFrom, batchOf, openSinks, startMs } from './open-sinks.ts';

const around = { fromUs: (startMs - 86_400_000) * 1_000, toUs: (startMs + 86_400_000) * 1_000 };

test('a letter that comes home is counted once, however often, and its window says that it was amended', async () => {
  const { deps, stored, status, deadLetters, clock } = openSinks();
  await deliverWindows(deps, [batchFrom(0, 5)], ample);
  const [letter] = await deadLetters.list({});
  expect(letter!.position.offset).toBe(3);
  const record = { ...deps.processing.decode(batchOf(3, [{ service: 'api-3', message: 'mended' }]))[0]! };
  if (!('record' in record)) throw new Error('it can be read');
  const items = [{ letter: letter!, outcome: { kind: 'keep' as const, record: record.record } }];
  clock.advance(60_000);
  await Promise.all([redriveInWindows(deps, 'acme', items), redriveInWindows(deps, 'acme', items)]);
  const windows = await stored.windows('acme', around);
  expect(windows.find(({ service }) => service === 'api-3')).toMatchObject({ count: 1, late: 1, amendedUs: (startMs + 60_000) * 1_000 });
  expect(windows.reduce((sum, { count }) => sum + count, 0)).toBe(4);
  expect(await status('aggregate', 5)).toMatchObject({ open: [], dead: [] });
});

test('the watermark is what was observed last while something is open, and now when nothing is', async () => {
  const { deps, stored, extent, clock } = openSinks();
  const atUs = startMs * 1_000;
  extent.end = 0;
  clock.advance(5_000);
  expect((await stored.watermark()).us).toBe(atUs + 5_000_000 - takeInUs);
  extent.end = 9;
  const observedUs = atUs + 20_000_000;
  clock.advance(60_000);
  await deliverWindows(deps, [batchFrom(0, 4, { observedUs: atUs }), batchFrom(4, 6, { observedUs })], ample);
  expect((await stored.watermark()).us).toBe(observedUs - takeInUs);
  await deliverWindows(deps, [batchFrom(6, 9, { observedUs: observedUs + 1 })], ample);
  expect((await stored.watermark()).us).toBe(atUs + 65_000_000 - takeInUs);
});

test('a record that comes longer after its minute than windows are kept is in none, and windows that are kept no longer are removed', async () => {
  const { deps, stored, state, clock } = openSinks();
  const old = new Date(startMs - windowsKeptUs / 1_000 - 60_000).toISOString();
  await deliverWindows(deps, [batchOf(0, [{ service: 'api-0', timestamp: old }, { service: 'api-1' }])], ample);
  expect((await stored.windows('acme', { fromUs: 0, toUs: around.toUs })).length).toBe(0);
  expect(await stored.windows('acme', around)).toMatchObject([{ service: 'api-1', count: 1 }]);
  const retain = createWindowRetention({ state, tenants: async () => ['acme'], clock });
  expect(await retain()).toBe(0);
  clock.advance(windowsKeptUs / 1_000 + 26 * 3_600_000);
  expect(await retain()).toBe(1);
  expect(await state.list(hourPrefix('acme', startMs * 1_000))).toEqual([]);
});
