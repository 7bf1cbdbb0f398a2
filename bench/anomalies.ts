import { detect, type Finding } from '../src/alerts/anomaly/detect.ts';
import { type MeasureName, measures } from '../src/alerts/anomaly/measure.ts';
import { zscore } from '../src/alerts/anomaly/robust.ts';
import { type Labelled, labelledSeries } from '../test/anomaly/labelled-series.ts';
import { type Detector, scoreOf } from '../test/anomaly/score.ts';

/** What most tools do: the z-score of a step against the 24 hours before it, no season. */
const plain: Detector = ({ points, startUs, stepUs, measure, service }, { fromUs, toUs, threshold = 5 }) => {
  const findings: Finding[] = [];
  const day = Math.round(86_400e6 / stepUs);
  for (let i = Math.round((fromUs - startUs) / stepUs); i < Math.round((toUs - startUs) / stepUs); i++) {
    const past = points
      .slice(i - day, i)
      .map(({ value }) => value)
      .filter((value) => !Number.isNaN(value));
    const z = zscore(points[i]!.value, past);
    if (!z || Math.abs(z.score) < threshold) continue;
    const at = startUs + i * stepUs;
    const last = findings.at(-1);
    if (last && at - last.toUs <= 2 * stepUs) last.toUs = at + stepUs;
    else
      findings.push({
        measure,
        service,
        direction: z.score > 0 ? 'up' : 'down',
        fromUs: at,
        toUs: at + stepUs,
        steps: 1,
        peak: {} as never,
      });
  }
  return findings;
};

const count = Number(process.argv[2] ?? 60);
const share = (a: number, b: number) => (b === 0 ? '-' : `${((100 * a) / b).toFixed(1)} %`);

function show(name: string, labelled: Labelled[], detector: Detector, threshold?: number): void {
  const startMs = process.cpuUsage().user / 1e3;
  const { injected, found, findings, right, byKind } = scoreOf(labelled, detector, threshold);
  const ms = process.cpuUsage().user / 1e3 - startMs;
  const kinds = Object.entries(byKind).map(([kind, [n, of]]) => `${kind} ${n}/${of}`);
  const points = labelled.reduce((sum, { series, judgedFrom }) => sum + series.points.length - judgedFrom, 0);
  console.log(
    `${name.padEnd(34)} precision ${share(right, findings).padStart(8)}  recall ${share(found, injected).padStart(8)}  findings ${String(findings).padStart(5)}  ${((ms * 1e3) / points).toFixed(0).padStart(4)} us a step  ${kinds.join(', ')}`,
  );
}

const make = (measure: MeasureName, injected: boolean, weeks: number) =>
  Array.from({ length: count }, (_, seed) => labelledSeries({ seed, measure, injected, weeks }));

for (const measure of measures) {
  const labelled = make(measure, true, 8);
  for (const threshold of [4, 5, 6]) show(`${measure}, threshold ${threshold}`, labelled, detect, threshold);
  show(`${measure}, plain z-score of a day`, labelled, plain);
  show(`${measure}, nothing injected`, make(measure, false, 8), detect);
  show(`${measure}, nothing injected, new`, make(measure, false, 3), detect);
}
