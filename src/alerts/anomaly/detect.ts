import { type Baseline, Baselines } from './baseline.ts';
import { type MeasureName, type Point, scales } from './measure.ts';

/** A measure of one service, at equidistant steps from `startUs` on (epoch microseconds). */
export type Series = { service: string; measure: MeasureName; startUs: number; stepUs: number; points: readonly Point[] };

/** One step that is not as usual: what was there, what was to be expected, and by how much it differs. Values are in the measure's own unit. */
export type Deviation = {
  atUs: number;
  value: number;
  expected: number;
  /** One spread above what was expected is this much more. */
  spread: number;
  /** Spreads between value and expected, on the measure's scale of even noise; negative below. */
  score: number;
  /** Steps in a row that the score is of: several where each by itself is no news, and all together are. */
  over: number;
  baseline: { kind: Baseline['kind']; samples: number; spread_samples: number; level: number };
};

/** Steps that differ in one direction without a pause of more than `maxPause`: told once, by the one that differs most. */
export type Finding = {
  measure: MeasureName;
  service: string;
  direction: 'up' | 'down';
  fromUs: number;
  toUs: number;
  steps: number;
  peak: Deviation;
};

export type DetectOptions = {
  /** Steps that begin in this range are judged; those before it are what is learnt from. */
  fromUs: number;
  toUs: number;
  /** Spreads that are news. @default 5 */
  threshold?: number;
};

export const defaultThreshold = 5;
/** So many steps together are judged as well: a shift or a drift that hides in the noise of each. */
const sustainedSteps = 8;
const maxPause = 2;

/** Finds where a series is not as usual. Looks at each step with what came before it only, so a series that grows is judged as it would have been live. */
export function detect(series: Series, { fromUs, toUs, threshold = defaultThreshold }: DetectOptions): Finding[] {
  const { points, startUs, stepUs, measure, service } = series;
  const baselines = new Baselines(
    Float64Array.from(points, ({ value }) => scales[measure].to(value)),
    stepUs,
  );
  const first = Math.max(0, Math.ceil((fromUs - startUs) / stepUs));
  const end = Math.min(points.length, Math.ceil((toUs - startUs) / stepUs));
  const findings: Finding[] = [];
  const scores: number[] = [];
  for (let index = Math.max(0, first - sustainedSteps); index < end; index++) {
    const deviation = deviationAt(series, baselines, index);
    scores.push(deviation?.score ?? 0);
    if (!deviation || index < first) continue;
    const judged = judge(deviation, scores, threshold);
    if (!judged) continue;
    const direction = judged.score > 0 ? 'up' : 'down';
    const last = findings.at(-1);
    const step = { fromUs: judged.atUs, toUs: judged.atUs + stepUs };
    if (last?.direction === direction && step.fromUs - last.toUs <= maxPause * stepUs) {
      last.toUs = step.toUs;
      last.steps++;
      if (Math.abs(judged.score) > Math.abs(last.peak.score)) last.peak = judged;
    } else findings.push({ measure, service, direction, ...step, steps: 1, peak: judged });
  }
  return findings;
}

function deviationAt({ points, measure, startUs, stepUs }: Series, baselines: Baselines, index: number): Deviation | undefined {
  const { value, n } = points[index]!;
  if (Number.isNaN(value)) return undefined;
  const baseline = baselines.at(index);
  if (!baseline) return undefined;
  const scale = scales[measure];
  const expected = scale.from(baseline.expected);
  const spread = Math.max(baseline.spread, scale.leastSpread(expected, n, stepUs / 60e6));
  return {
    atUs: startUs + index * stepUs,
    value,
    expected,
    spread: scale.from(baseline.expected + spread) - expected,
    score: (scale.to(value) - baseline.expected) / spread,
    over: 1,
    baseline: { kind: baseline.kind, samples: baseline.samples, spread_samples: baseline.spreadSamples, level: baseline.level },
  };
}

/** Whether a step is news by itself, or the last steps are together. Against a baseline that is no season only the first counts: a day's swing is sustained too. */
function judge(deviation: Deviation, scores: number[], threshold: number): Deviation | undefined {
  if (Math.abs(deviation.score) >= threshold) return deviation;
  if (deviation.baseline.kind === 'recent' || scores.length < sustainedSteps) return undefined;
  const last = scores.slice(-sustainedSteps);
  const isOneSided = last.every((score) => Math.sign(score) === Math.sign(deviation.score));
  const together = last.reduce((sum, score) => sum + score, 0) / Math.sqrt(sustainedSteps);
  if (!isOneSided || Math.abs(together) < threshold) return undefined;
  return { ...deviation, score: together, over: sustainedSteps };
}
