import { compileMatchers, type Labels, type LabelTest, type Matcher } from './matcher.ts';
import { compileTimeIntervals, type TimeIntervalSpec } from './time-interval.ts';

/** What keeps alerts from being told for a time. Times are epoch microseconds. */
export type Silence = {
  id: string;
  matchers: Matcher[];
  startsUs: number;
  /** null: until it is ended by hand, as a recurring window may be. */
  endsUs: number | null;
  createdBy: string;
  comment: string;
  createdUs: number;
  updatedUs: number;
  /** Where given, it holds within these times alone: a recurring maintenance window. */
  timeIntervals?: TimeIntervalSpec[];
};

export type SilenceState = 'pending' | 'active' | 'waiting' | 'expired';

/** `waiting`: between two of its recurring windows. */
export function silenceState({ startsUs, endsUs, timeIntervals }: Silence, nowUs: number): SilenceState {
  if (endsUs !== null && nowUs >= endsUs) return 'expired';
  if (nowUs < startsUs) return 'pending';
  return !timeIntervals || compileTimeIntervals(timeIntervals)(nowUs / 1000) ? 'active' : 'waiting';
}

/** Compiles silences as they stand at a time: tells the ids of those that hold for an alert. */
export function createSilencer(silences: readonly Silence[], nowUs: number): (labels: Labels) => string[] {
  const active: { id: string; matches: LabelTest }[] = silences
    .filter((silence) => silenceState(silence, nowUs) === 'active')
    .map(({ id, matchers }) => ({ id, matches: compileMatchers(matchers) }));
  if (active.length === 0) return () => [];
  return (labels) => active.filter(({ matches }) => matches(labels)).map(({ id }) => id);
}
