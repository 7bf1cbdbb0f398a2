import { simulateBackground } from './background.ts';
import { Random } from './random.ts';
import { type Emit, simulateRequest } from './request.ts';

/** A record as a service sends it, in the vocabulary's names; JSON leaves out what is undefined. */
export type SimulatedRecord = {
  timestamp: string;
  level: 'debug' | 'info' | 'warn' | 'error' | 'fatal';
  service: string;
  env: string;
  host: string;
  message: string;
  trace_id: string | undefined;
  span_id: string | undefined;
  attributes: Record<string, string | number | boolean>;
};

export type SimulateOptions = {
  seed: number;
  /** Records a second on average; bursts reach some three times as many. */
  ratePerS: number;
  /** Epoch milliseconds of the first record. */
  startMs: number;
  /** How long the services run; without end when absent. */
  durationMs?: number | undefined;
};

/** How the services are at a moment: during an incident the database is slow and some of what needs it fails. */
export type Health = { slowness: number; errorRate: number };

/** A record and when it happens, for those who send it then. */
export type Timed = { atMs: number; record: SimulatedRecord };

/** Records that one arrival makes, on average: measured, and held by a test. */
const recordsPerArrival = 2.57;
const incidentEveryMs = 10 * 60_000;

/**
 * Simulates a small shop of six services (web, api, cache, db, payments, worker) whose requests share traces: records in the order of time, with
 * latencies, bursts, an incident each ten minutes, errors and stack traces. The same options give the same records.
 */
export function* simulate({ seed, ratePerS, startMs, durationMs }: SimulateOptions): Generator<Timed, void, undefined> {
  const random = new Random(seed);
  const endMs = durationMs === undefined ? Number.POSITIVE_INFINITY : startMs + durationMs;
  const meanGapMs = (1000 * recordsPerArrival) / ratePerS;
  let waiting: Timed[] = [];
  let arrivalMs = startMs;
  for (;;) {
    arrivalMs += random.exponential(meanGapMs / burst(arrivalMs - startMs));
    const [due, rest] = split(waiting, Math.min(arrivalMs, endMs));
    yield* due;
    waiting = rest;
    if (arrivalMs >= endMs) return;
    const env = random.chance(0.92) ? 'prod' : 'staging';
    const atMs = arrivalMs;
    const emit: Emit = (afterMs, record) => {
      const { level, service, host, message, trace_id, span_id, attributes } = record;
      const timestamp = new Date(atMs + afterMs).toISOString();
      waiting.push({ atMs: atMs + afterMs, record: { timestamp, level, service, env, host, message, trace_id, span_id, attributes } });
    };
    if (random.chance(0.1)) simulateBackground(random, emit);
    else simulateRequest(random, healthAt(atMs - startMs), emit);
  }
}

/** Traffic swings over five minutes and has a spike of ten seconds in each; its mean is 1. */
function burst(sinceMs: number): number {
  const swing = 1 + 0.4 * Math.sin((2 * Math.PI * sinceMs) / 300_000);
  const isSpike = sinceMs % 300_000 >= 150_000 && sinceMs % 300_000 < 160_000;
  return (isSpike ? swing * 3 : swing) / (1 + 2 / 30);
}

/** In the seventh of ten minutes the database is slow. */
function healthAt(sinceMs: number): Health {
  const inIncidentMs = (sinceMs % incidentEveryMs) - 6 * 60_000;
  return inIncidentMs >= 0 && inIncidentMs < 60_000 ? { slowness: 25, errorRate: 0.2 } : { slowness: 1, errorRate: 0.002 };
}

/** What is due before a moment, in the order of time, and the rest. */
function split(waiting: Timed[], beforeMs: number): [due: Timed[], rest: Timed[]] {
  const due: Timed[] = [];
  const rest: Timed[] = [];
  for (const timed of waiting) (timed.atMs < beforeMs ? due : rest).push(timed);
  return [due.sort((a, b) => a.atMs - b.atMs), rest];
}
