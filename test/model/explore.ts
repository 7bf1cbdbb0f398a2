import { createHash } from 'node:crypto';
import type { Intervals } from '../../src/core/intervals.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import type { Step, Steps } from '../../src/core/warm/steps.ts';
import type { Actor, Stage } from './actors.ts';
import { atOnce, type BothStatus, checkMove, checkState, statusNow, Violation } from './invariants.ts';
import { type Fate, Missing, World } from './world.ts';

/** A way in which the protocol is broken on purpose: every step of an actor goes through it. */
export type Fault = {
  take?(world: World, step: Step, actor: number): unknown;
  wrap?(steps: Steps<unknown>): Steps<unknown>;
  redriveAs?: { redrive: boolean };
  /** Collection waits for no reader. */
  impatient?: boolean;
};

/** Who acts on how many offsets, and what each offset's fate is. `redrives` are the offsets that some redriver names. */
export type Scenario = { end: number; actors: Actor[]; fateOf?: (offset: number) => Fate; redrives?: number[]; fault?: Fault };

type Running = { steps: Steps<unknown>; pending: Step | undefined; started: boolean; ended: boolean; history: number };

/** One run of a scenario, a step of one actor at a time. */
export class Run {
  readonly world = new World();
  readonly scenario: Scenario;
  readonly #running: Running[];
  readonly #readers = new Map<number, number>();
  readonly #stage: Stage;
  #readerIds = 0;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    const { world } = this;
    this.#stage = {
      world,
      fateOf: scenario.fateOf ?? (() => 'keep'),
      ages: {
        nowMs: () => world.now++,
        oldestReaderMs: () => (scenario.fault?.impatient ? Number.POSITIVE_INFINITY : Math.min(world.now++, ...this.#readers.values())),
      },
      readerStarted: () => {
        const id = this.#readerIds++;
        this.#readers.set(id, world.now++);
        return () => this.#readers.delete(id);
      },
      doneNow: (): Intervals => atOnce(world, statusOf(0, 0, [[0, scenario.end]])).done,
      statusNow: () => statusNow(world, scenario.end),
      erased: new Set(),
      redriveAs: scenario.fault?.redriveAs ?? { redrive: true },
    };
    this.#running = scenario.actors.map((actor) => this.#begin(actor));
  }

  /** Who can take a step. */
  get enabled(): number[] {
    return this.#running.flatMap(({ ended }, index) => (ended ? [] : [index]));
  }

  /** Takes one step of one actor, and checks the state where it wrote. */
  step(index: number, check: boolean): void {
    const running = this.#running[index]!;
    if (!running.started) {
      running.started = true;
      this.#advance(running, undefined);
      return;
    }
    const step = running.pending!;
    const before = check && step.kind === 'transact' ? statusNow(this.world, this.scenario.end) : undefined;
    let result: unknown;
    try {
      result = this.scenario.fault?.take ? this.scenario.fault.take(this.world, step, index) : this.world.take(step);
    } catch (error) {
      // A compactor whose input was collected meanwhile gives up; the next run does the work.
      if (!(error instanceof Missing) || step.kind !== 'merge') throw error;
      running.ended = true;
      return;
    }
    if (before && result) this.check(before);
    this.#advance(running, result);
  }

  /** Adds actors and runs them to their end, one after the other: what happens once everything is quiet. */
  settle(...actors: Actor[]): void {
    for (const actor of actors) {
      const index = this.#running.push(this.#begin(actor)) - 1;
      while (!this.#running[index]!.ended) this.step(index, true);
    }
  }

  crash(index: number): void {
    this.#running[index]!.ended = true;
  }

  /** Forgets the readers of actors that crashed. */
  endReaders(): void {
    this.#readers.clear();
  }

  check(before: BothStatus): void {
    const { end, redrives = [] } = this.scenario;
    let facts: ReturnType<typeof checkState>;
    try {
      facts = checkState(this.world, end, this.#stage.erased);
    } catch (error) {
      if (error instanceof Missing) throw new Violation(`listed object ${error.message} is not there`);
      throw error;
    }
    checkMove(before.warm, facts.status.warm, new Set(redrives));
    checkMove(before.hot, facts.status.hot, new Set(redrives));
  }

  /** Two runs with one fingerprint can only go on alike. */
  fingerprint(): string {
    const keys = [...this.world.state].sort(([a], [b]) => (a < b ? -1 : 1));
    const actors = this.#running.map(({ history, started, ended }) => [history, started, ended]);
    const all = [keys, [...this.world.objects.keys()].sort(), actors, this.world.now, [...this.#readers]];
    return createHash('md5').update(JSON.stringify(all)).digest('base64');
  }

  #begin(actor: Actor): Running {
    const steps = actor(this.#stage);
    const wrapped = this.scenario.fault?.wrap?.(steps) ?? steps;
    return { steps: wrapped, pending: undefined, started: false, ended: false, history: 0 };
  }

  #advance(running: Running, result: unknown): void {
    running.history = hash(running.history, JSON.stringify(result) ?? 'none');
    try {
      const next = running.steps.next(result);
      running.pending = next.done ? undefined : next.value;
      running.ended = next.done ?? false;
    } catch (error) {
      if (error instanceof Missing) throw new Violation(`a reader found ${error.message} deleted`);
      throw error;
    }
  }
}

function hash(seed: number, text: string): number {
  let value = seed;
  for (let i = 0; i < text.length; i++) value = (Math.imul(value, 31) + text.charCodeAt(i)) | 0;
  return (Math.imul(value, 0x9e3779b1) ^ text.length) | 0;
}

export type Exploration = { states: number; runs: number };

/** Visits every order of steps, skipping what leads on from a state that was visited. Ends at `maxStates`. */
export function exhaust(scenario: Scenario, atEnd: (run: Run) => void, maxStates: number): Exploration & { complete: boolean } {
  const visited = new Set<string>();
  const stack: number[][] = [[]];
  let runs = 0;
  while (stack.length > 0 && visited.size < maxStates) {
    const schedule = stack.pop()!;
    const run = new Run(scenario);
    for (const [i, index] of schedule.entries()) run.step(index, i === schedule.length - 1);
    runs++;
    for (;;) {
      const fingerprint = run.fingerprint();
      if (visited.has(fingerprint)) break;
      visited.add(fingerprint);
      const [next, ...others] = run.enabled;
      if (next === undefined) {
        atEnd(run);
        break;
      }
      for (const other of others) stack.push([...schedule, other]);
      schedule.push(next);
      run.step(next, true);
    }
  }
  return { states: visited.size, runs, complete: stack.length === 0 };
}

/** Runs random orders, some actors in long bursts, some never again. */
export function wander(
  makeScenario: (random: () => number) => Scenario,
  atEnd: (run: Run) => void,
  runs: number,
  seed: number,
): Exploration {
  let states = 0;
  for (let number = 0; number < runs; number++) {
    const random = randomOf(seed + number);
    const run = new Run(makeScenario(random));
    try {
      states += wanderOnce(run, random);
      atEnd(run);
    } catch (error) {
      if (error instanceof Violation) error.message += ` (seed ${seed + number})`;
      throw error;
    }
  }
  return { states, runs };
}

function wanderOnce(run: Run, random: () => number): number {
  let steps = 0;
  for (let enabled = run.enabled; enabled.length > 0; enabled = run.enabled) {
    const index = enabled[Math.floor(random() * enabled.length)]!;
    if (random() < 0.01) {
      run.crash(index);
      continue;
    }
    const burst = random() < 0.3 ? 8 : 1;
    for (let i = 0; i < burst && run.enabled.includes(index); i++, steps++) run.step(index, true);
  }
  run.endReaders();
  return steps;
}

/** A small seeded generator: mulberry32. https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
