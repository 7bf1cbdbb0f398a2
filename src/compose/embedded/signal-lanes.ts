import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { nodeFileSystem } from '../../adapters/file-system/node.ts';
import { openSegmentQueue, type SegmentQueue } from '../../adapters/queue/segment/segment-queue.ts';
import type { Clock } from '../../core/clock.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import { type OtherSignal, type Signal, signals } from '../../core/signal.ts';
import { stateOf } from '../../core/state-under.ts';
import { versionedRules } from '../../pipeline/process-rules.ts';
import type { StoreApi } from '../../pipeline/store-api.ts';
import { generationOf, openNextGeneration } from './generation.ts';
import { dataPaths, type HostSettings, settingsOfSignal } from './settings.ts';
import type { StoreData } from './store-messages.ts';

/** The way in of one signal: its queue, and its settings with the version of its rules. */
export type SignalLane = { queue: SegmentQueue; settings: HostSettings; rulesVersion(): number };

export type SignalLanesDeps = {
  settings: HostSettings;
  state: StateStore;
  clock: Clock;
  newGeneration: boolean;
  onDurable(signal: Signal, partition: number, end: number): void;
  /** Opens the stores behind a queue that was opened. */
  opened(signal: Signal): Promise<void>;
  log: Log;
};

/**
 * The ways in of the signals besides the logs, each with a folder of its own: opened when first used, or after the start where the folder is there
 * already, so that a host that only knows logs pays nothing for them.
 */
export class SignalLanes {
  readonly #deps: SignalLanesDeps;
  /** `lane` when its queue is open, `ready` when its stores were asked for besides. */
  readonly #open = new Map<OtherSignal, { lane: Promise<SignalLane>; ready: Promise<SignalLane> }>();

  constructor(deps: SignalLanesDeps) {
    this.#deps = deps;
  }

  /** Opens a signal's queue and asks for its stores, once. @throws AppError QUEUE_UNAVAILABLE, DISK_FULL */
  open(signal: OtherSignal): Promise<SignalLane> {
    const known = this.#open.get(signal);
    if (known) return known.ready;
    const lane = this.#openLane(signal);
    const ready = lane.then(async (opened) => {
      await this.#deps.opened(signal);
      return opened;
    });
    this.#open.set(signal, { lane, ready });
    ready.catch(() => this.#open.delete(signal));
    return ready;
  }

  /** Opens what an earlier run has left: its records may not be in files yet. */
  async openKnown(): Promise<void> {
    const { settings, log } = this.#deps;
    for (const signal of signals) {
      if (signal === 'logs' || !(await stat(dataPaths(settings.dataDir, signal).segments).catch(() => undefined))) continue;
      await this.open(signal).catch((error: unknown) => log.error({ error, signal }, 'a signal does not open'));
    }
  }

  /** What the stores of a signal start with now that is open, or being opened. */
  async data(signal: OtherSignal): Promise<StoreData & { signal: Signal }> {
    const { queue, settings } = await this.#open.get(signal)!.lane;
    const { generation } = queue;
    const ends = queue.durableEnds().map((end) => ({ generation, ...end }));
    return { signal, settings, generation, ends, holes: await queue.holes() };
  }

  /** Tells a queue how far its records are in files. */
  async release(signal: OtherSignal, partition: number, offset: number): Promise<void> {
    const { queue } = await this.#open.get(signal)!.lane;
    await queue.release(partition, offset);
  }

  async close(): Promise<void> {
    for (const { lane } of this.#open.values()) await (await lane.catch(() => undefined))?.queue.close();
  }

  async #openLane(signal: OtherSignal): Promise<SignalLane> {
    const { state, clock, newGeneration, onDurable, log } = this.#deps;
    const own = stateOf(state, signal);
    const given = settingsOfSignal(this.#deps.settings, signal);
    const settings = { ...given, process: await versionedRules(own, given.process) };
    const { segments } = dataPaths(settings.dataDir, signal);
    await mkdir(dirname(segments), { recursive: true, mode: 0o750 });
    const queue = await openSegmentQueue({
      folder: segments,
      files: nodeFileSystem,
      clock,
      generation: newGeneration ? await openNextGeneration(own, segments) : await generationOf(own),
      ...settings.queue,
      onDurable: ({ partition, end }) => onDurable(signal, partition, end),
      onProblem: (what, error) => log.error({ error, signal }, what),
    });
    return { queue, settings, rulesVersion: () => settings.process.version };
  }
}

/** A store whose every call waits until `open` has resolved. */
export const openedFirst = (store: StoreApi, open: () => Promise<unknown>): StoreApi =>
  new Proxy(store, {
    get: (target, method) => {
      const call = target[method as keyof StoreApi] as ((...args: unknown[]) => Promise<unknown>) | undefined;
      return call && (async (...args: unknown[]) => open().then(() => call(...args)));
    },
  });
