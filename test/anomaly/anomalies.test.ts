import { describe, expect, test } from 'vitest';
import { detect, type Series } from '../../src/alerts/anomaly/detect.ts';
import { measures, type Point } from '../../src/alerts/anomaly/measure.ts';
import { minSamples, zscore } from '../../src/alerts/anomaly/robust.ts';
import { labelledSeries } from './labelled-series.ts';
import { scoreOf } from './score.ts';

/** `bench/anomalies.ts` has more of them, and other thresholds. */
const seriesEach = 8;
const seeds = Array.from({ length: seriesEach }, (_, seed) => seed);

const bounds = { volume: [0.9, 0.95], error_rate: [0.85, 0.85], latency: [0.85, 0.95] } as const;

describe('anomalies', () => {
  test.each(measures)('of %s are found in series with known ones, and little else is', (measure) => {
    const score = scoreOf(seeds.map((seed) => labelledSeries({ seed, measure })));
    const [precision, recall] = [score.right / score.findings, score.found / score.injected];
    console.log(`${measure}: precision ${precision.toFixed(3)}, recall ${recall.toFixed(3)} of ${score.injected}`, score.byKind);
    expect(precision).toBeGreaterThanOrEqual(bounds[measure][0]);
    expect(recall).toBeGreaterThanOrEqual(bounds[measure][1]);
  });

  test.each(measures)('of %s are no storm over weekly seasons in which nothing happens, neither with a history nor without', (measure) => {
    const quiet = (weeks: number) => scoreOf(seeds.map((seed) => labelledSeries({ seed, measure, injected: false, weeks }))).findings;
    // Of 8 series and 3 weeks: 16,128 steps.
    expect(quiet(8)).toBeLessThanOrEqual(4);
    expect(quiet(3)).toBeLessThanOrEqual(8);
  });

  test('a detector that finds nothing, and one that finds everything, fall through the bounds', () => {
    const labelled = seeds.slice(0, 2).map((seed) => labelledSeries({ seed }));
    expect(scoreOf(labelled, () => []).found).toBe(0);
    const loud = scoreOf(labelled, detect, 0.8);
    expect(loud.right / loud.findings).toBeLessThan(0.5);
  });

  const stepUs = 3_600_000_000;
  const flat = (values: number[]): Series => ({
    service: 'api',
    measure: 'volume',
    startUs: 0,
    stepUs,
    points: values.map((value): Point => ({ value, n: 1_000 })),
  });
  const everything = { fromUs: 0, toUs: Number.MAX_SAFE_INTEGER };

  test('a finding explains itself with its numbers', () => {
    const values = new Array<number>(48).fill(100);
    values[40] = 400;
    values[41] = 900;
    expect(detect(flat(values), everything)).toMatchObject([
      {
        direction: 'up',
        fromUs: 40 * stepUs,
        toUs: 42 * stepUs,
        steps: 2,
        peak: { atUs: 41 * stepUs, value: 900, expected: expect.closeTo(100, 6), over: 1, baseline: { kind: 'recent', samples: 24 } },
      },
    ]);
    const { peak } = detect(flat(values), everything)[0]!;
    // One spread is at least 5 %, on the scale of logarithms.
    expect(peak.spread).toBeCloseTo(101 * (Math.exp(0.05) - 1), 1);
    expect(peak.score).toBeCloseTo(Math.log(901 / 101) / 0.05, 1);
  });

  test('the week is the season from the third earlier week on that has the hour', () => {
    const week = 7 * 24;
    const busyNoon = (step: number): number => (step % 24 === 12 ? 5_000 : 100);
    const kindAt = (weeks: number) => {
      const values = Array.from({ length: weeks * week }, (_, step) => busyNoon(step));
      const at = values.length - 12;
      values[at] = 0;
      return detect(flat(values), { fromUs: at * stepUs, toUs: (at + 1) * stepUs })[0]?.peak.baseline;
    };
    expect(kindAt(3)).toMatchObject({ kind: 'recent' });
    expect(kindAt(4)).toMatchObject({ kind: 'hour_of_week', samples: 3 });
    expect(kindAt(6)).toMatchObject({ kind: 'hour_of_week', samples: 5 });
  });

  test('too little history finds nothing', () => {
    expect(detect(flat([...new Array<number>(minSamples - 1).fill(100), 9_999]), everything)).toEqual([]);
    expect(detect(flat([...new Array<number>(minSamples).fill(100), 9_999]), everything)).toHaveLength(1);
  });

  test('the z-score of a value is by median and deviation from it, whatever outliers there are', () => {
    const history = [...Array.from({ length: 20 }, (_, i) => 90 + i), 1e9, 1e9];
    const { score, expected, spread, samples } = zscore(200, history)!;
    expect([expected, samples]).toEqual([100.5, 22]);
    expect(spread).toBeCloseTo(1.4826 * 5.5, 6);
    expect(score).toBeCloseTo((200 - 100.5) / spread, 6);
    expect(zscore(1, history.slice(0, minSamples - 1))).toBeUndefined();
    expect(zscore(7, new Array<number>(20).fill(7))).toMatchObject({ score: 0 });
  });
});
