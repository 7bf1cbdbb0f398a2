import { setTimeout as delay } from 'node:timers/promises';
import type { Batch } from './workload.ts';

/** What the clients know, and everything found wrong so far. */
export type Witness = {
  url: string;
  startMs: number;
  /** Numbers below were sent at least once. */
  nextNumber: number;
  /** Requests sent, retries included. */
  requests: number;
  acknowledged: (Batch & { receipt: string })[];
  /** Acknowledgements that an idempotency key gave: the request before had been made durable, and its answer was lost. */
  replayed: number;
  retries: number;
  walks: number;
  pages: number;
  faults: string[];
  /** Hosts killed so far. */
  kills: number;
  isOver: boolean;
  /** How long a host that lives may take until it has something better to say than "later". @default 15 s */
  patienceMs?: number;
};

const maxFaults = 40;

/** Notes a fault; the run goes on, but not for ever. */
export function fault(witness: Witness, what: string): void {
  if (witness.faults.length < maxFaults) witness.faults.push(what);
}

export type Answer = { status: number; headers: Headers; body: string };

/** Asks the host; undefined where it does not answer, as it is dead or dies meanwhile. */
export async function ask(witness: Witness, path: string, init: RequestInit = {}): Promise<Answer | undefined> {
  try {
    const response = await fetch(witness.url + path, { ...init, signal: AbortSignal.timeout(20_000) });
    return { status: response.status, headers: response.headers, body: await response.text() };
  } catch {
    return undefined;
  }
}

const usualPatienceMs = 15_000;

/** Asks until there is an answer that is not "come again later"; undefined, and a fault, where there is none for long. */
export async function askUntil(witness: Witness, path: string, init: RequestInit = {}): Promise<Answer | undefined> {
  const { patienceMs = usualPatienceMs } = witness;
  const endMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask(witness, path, init);
    if (answer?.status === 500 || answer?.body.includes('is listed and is not there'))
      fault(witness, `${path} was answered with ${answer.body.slice(0, 300)}`);
    else if (answer && answer.status < 500 && answer.status !== 429) return answer;
    if (witness.isOver) return undefined;
    if (performance.now() > endMs) {
      fault(
        witness,
        `${path} was not answered for ${patienceMs / 1_000} s${answer ? `: ${answer.status} ${answer.body.slice(0, 300)}` : ''}`,
      );
      return undefined;
    }
    await delay(15);
  }
}
