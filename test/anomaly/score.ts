import { type DetectOptions, detect, type Finding, type Series } from '../../src/alerts/anomaly/detect.ts';
import type { Injection, Labelled } from './labelled-series.ts';

export type Score = {
  injected: number;
  found: number;
  findings: number;
  right: number;
  byKind: Record<string, [found: number, of: number]>;
};

export type Detector = (series: Series, options: DetectOptions) => Finding[];

/** A finding is right where it overlaps what was injected, or comes within two hours of its end: the way back is news too. */
const afterUs = 2 * 3_600_000_000;

/** Holds what a detector finds against the labels. Precision is right/findings, recall found/injected. */
export function scoreOf(labelled: Labelled[], detector: Detector = detect, threshold?: number): Score {
  const score: Score = { injected: 0, found: 0, findings: 0, right: 0, byKind: {} };
  for (const { series, injections, judgedFrom } of labelled) {
    const { startUs, stepUs, points } = series;
    const range = { fromUs: startUs + judgedFrom * stepUs, toUs: startUs + points.length * stepUs };
    const findings = detector(series, { ...range, ...(threshold ? { threshold } : {}) });
    const overlaps = (finding: Finding, { from, to }: Injection) =>
      finding.fromUs < startUs + to * stepUs + afterUs && finding.toUs > startUs + from * stepUs;
    score.findings += findings.length;
    score.right += findings.filter((finding) => injections.some((injection) => overlaps(finding, injection))).length;
    for (const injection of injections) {
      const isFound = findings.some((finding) => overlaps(finding, injection));
      const counts = score.byKind[injection.kind] ?? [0, 0];
      score.byKind[injection.kind] = [counts[0] + (isFound ? 1 : 0), counts[1] + 1];
      score.injected++;
      if (isFound) score.found++;
    }
  }
  return score;
}
