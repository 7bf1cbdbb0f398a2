import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Level, type LogRecord, levels } from '../../src/core/record.ts';
import { emptySketch, percentileOfSketch, SketchBuilder } from '../../src/core/windows/sketch.ts';
import { addWindows, isLate, type Window, windowOf, windowUs } from '../../src/core/windows/window.ts';
import type { TimeRange } from '../../src/query/plan.ts';
import { recordOf } from '../archive/open-archive.ts';

export const latenessUs = 5_000_000;
export const latencyKeys = ['latency_ms', 'duration_ms'];
const startUs = Date.parse('2026-11-21T08:00:00Z') * 1_000;

/** A record as it stands at its offset of partition 0. */
export type Placed = { offset: number; tenant: string; record: LogRecord };

export type OpenWindows = {
  /** Brings records in, in the order of their offsets; the same may come again. */
  bring(records: Placed[]): Promise<void>;
  read(tenant: string, time: TimeRange): Promise<Window[]>;
  close?(): Promise<void>;
};

/** What an implementation does not do, and why. */
export type WindowGaps = { latencies?: string };

const given = (offset: number, more: Partial<LogRecord> = {}, tenant = 'acme'): Placed => ({
  offset,
  tenant,
  record: { ...recordOf(offset), timestamp: startUs, observed_timestamp: startUs, ...more, client_id: undefined },
});

/** Counts windows record by record. */
function countedOneByOne(records: Placed[], tenant: string, { fromUs, toUs }: TimeRange, gaps: WindowGaps): Window[] {
  const windows = records
    .filter((item) => item.tenant === tenant)
    .map(({ record }): Window => {
      const minuteUs = windowOf(record.timestamp);
      const late = isLate(minuteUs, record.observed_timestamp, latenessUs);
      const sketch = new SketchBuilder();
      const latency = latencyKeys.map((key) => record.attributes[key]).find((value) => typeof value === 'number');
      if (latency !== undefined && !gaps.latencies) sketch.add(latency);
      const { service, level } = record;
      return {
        ...{ minuteUs, service, level, count: 1 },
        late: late ? 1 : 0,
        amendedUs: late ? record.observed_timestamp : 0,
        latency: sketch.build(),
      };
    });
  return addWindows(windows).filter(({ minuteUs }) => minuteUs >= fromUs && minuteUs < toUs);
}

const arbitraryRecord = fc.record({
  minute: fc.integer({ min: -2, max: 4 }),
  withinUs: fc.integer({ min: 0, max: windowUs - 1 }),
  lagUs: fc.oneof(fc.integer({ min: 0, max: 3_000_000 }), fc.integer({ min: 0, max: 4 * windowUs })),
  service: fc.constantFrom('api', 'web', 'größe/ü', 'unknown'),
  level: fc.constantFrom<Level>(...levels),
  tenant: fc.constantFrom('acme', 'globex'),
  // Whole numbers, so that sums are exact in any order.
  latency: fc.option(fc.integer({ min: 0, max: 60_000 }), { nil: undefined }),
  key: fc.constantFrom(...latencyKeys, 'other'),
});

/** Runs what every implementation of windows is held to. */
export function describeWindows(name: string, open: () => Promise<OpenWindows>, gaps: WindowGaps = {}): void {
  const all: TimeRange = { fromUs: startUs - 10 * windowUs, toUs: startUs + 10 * windowUs };
  const using = async (work: (windows: OpenWindows) => Promise<void>) => {
    const windows = await open();
    try {
      await work(windows);
    } finally {
      await windows.close?.();
    }
  };

  describe(`windows, ${name}`, () => {
    test('records are counted by the minute in which they happened, by service and level', () =>
      using(async ({ bring, read }) => {
        await bring([
          given(0, { service: 'api', level: 'error' }),
          given(1, { service: 'api', level: 'error', timestamp: startUs + windowUs - 1 }),
          given(2, { service: 'api', level: 'error', timestamp: startUs + windowUs, observed_timestamp: startUs + windowUs }),
          given(3, { service: 'web', level: 'info' }),
          given(4, { service: 'web', level: 'info' }, 'globex'),
        ]);
        const window = { late: 0, amendedUs: 0, latency: emptySketch };
        expect(await read('acme', all)).toEqual([
          { ...window, minuteUs: startUs, service: 'api', level: 'error', count: 2 },
          { ...window, minuteUs: startUs, service: 'web', level: 'info', count: 1 },
          { ...window, minuteUs: startUs + windowUs, service: 'api', level: 'error', count: 1 },
        ]);
        expect(await read('acme', { fromUs: startUs + 1, toUs: startUs + windowUs + 1 })).toHaveLength(1);
      }));

    test('what was observed once a window was due amends it, and says so', () =>
      using(async ({ bring, read }) => {
        const due = startUs + windowUs + latenessUs;
        await bring([
          given(0, { observed_timestamp: due - 1 }),
          given(1, { observed_timestamp: due }),
          given(2, { observed_timestamp: due + 7 }),
        ]);
        expect(await read('acme', all)).toMatchObject([{ count: 3, late: 2, amendedUs: due + 7 }]);
      }));

    test.skipIf(gaps.latencies !== undefined)('latencies are the first of the attributes that is a number', () =>
      using(async ({ bring, read }) => {
        await bring([
          given(0, { attributes: { latency_ms: 10, duration_ms: 99 } }),
          given(1, { attributes: { latency_ms: 'slow', duration_ms: 20 } }),
          given(2, { attributes: { latency_ms: 'slow' } }),
          given(3, { attributes: { duration_ms: 30 } }),
        ]);
        const [window] = await read('acme', all);
        expect(window!.latency).toMatchObject({ count: 3, sum: 60, min: 10, max: 30 });
        expect(percentileOfSketch(window!.latency, 50)).toBeCloseTo(20, 0);
      }),
    );

    test('any records in any portions, some of them again, are what counting one by one says', async () => {
      const records = fc.array(arbitraryRecord, { maxLength: 40 });
      const cuts = fc.array(fc.tuple(fc.nat(40), fc.nat(40)), { maxLength: 6 });
      await fc.assert(
        fc.asyncProperty(records, cuts, async (list, again) => {
          await using(async ({ bring, read }) => {
            const placed = list.map(({ minute, withinUs, lagUs, service, level, tenant, latency, key }, offset) => {
              const timestamp = startUs + minute * windowUs + withinUs;
              const attributes: LogRecord['attributes'] = latency === undefined ? {} : { [key]: latency };
              return given(offset, { timestamp, observed_timestamp: timestamp + lagUs, service, level, attributes }, tenant);
            });
            const middle = placed.length >> 1;
            await bring(placed.slice(0, middle));
            for (const [from, to] of again) await bring(placed.slice(Math.min(from, middle), Math.min(to, middle)));
            await bring(placed);
            for (const tenant of ['acme', 'globex']) expect(await read(tenant, all)).toEqual(countedOneByOne(placed, tenant, all, gaps));
            const some = { fromUs: startUs, toUs: startUs + 2 * windowUs };
            expect(await read('acme', some)).toEqual(countedOneByOne(placed, 'acme', some, gaps));
          });
        }),
        { numRuns: 25 },
      );
    });
  });
}
