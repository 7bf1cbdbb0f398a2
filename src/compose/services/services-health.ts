import type { KafkaQueue } from '../../adapters/queue/kafka/kafka-queue.ts';
import type { Gauge, Metrics } from '../../pipeline/metrics.ts';
import type { Dependency } from '../embedded/health.ts';
import type { Follower } from './follower.ts';

/** How what runs elsewhere is, as this host meets it: the brokers by its appends, the stores by its sinks. */
export class ServicesHealth {
  readonly #queue: KafkaQueue;
  readonly #followers: Follower[];
  readonly #pending: Gauge;
  readonly #breakers: Gauge;
  readonly #failing: Gauge;

  constructor({ queue, followers, registry }: { queue: KafkaQueue; followers: Follower[]; registry: Metrics }) {
    this.#queue = queue;
    this.#followers = followers;
    this.#pending = registry.gauge('logdrive_kafka_pending_bytes', 'Bytes of records on their way to the brokers.');
    this.#breakers = registry.gauge(
      'logdrive_kafka_refusing_partitions',
      'Partitions that refuse appends, since their leader did not answer.',
    );
    this.#failing = registry.gauge('logdrive_sink_failures', 'Failures in a row of a sink, 0 while it goes on.', ['sink', 'partition']);
  }

  async dependencies(): Promise<Dependency[]> {
    return [this.#brokers(), ...this.#sinks()];
  }

  gauge(): void {
    const { pendingBytes, breakers } = this.#queue.stats();
    this.#pending.set(pendingBytes);
    this.#breakers.set(breakers.open);
    for (const { sink, partition, failures } of this.#followers) this.#failing.set(failures, sink, String(partition));
  }

  #brokers(): Dependency {
    const { pendingBytes, breakers } = this.#queue.stats();
    if (breakers.open === 0) return { name: 'kafka', state: 'ok', detail: `${pendingBytes} bytes on their way` };
    const isAll = breakers.open === this.#queue.partitions;
    return {
      name: 'kafka',
      state: isAll ? 'down' : 'degraded',
      detail: `${breakers.open} of ${this.#queue.partitions} partitions take no records`,
    };
  }

  /** A sink that waits degrades the host: records are taken in, and reach it when it answers again. */
  #sinks(): Dependency[] {
    return (['hot', 'warm', 'parsed'] as const).flatMap((sink): Dependency[] => {
      const all = this.#followers.filter((follower) => follower.sink === sink);
      if (all.length === 0) return [];
      const waiting = all.filter(({ failures }) => failures > 0).length;
      if (waiting === 0) return [{ name: sink, state: 'ok' }];
      return [{ name: sink, state: 'degraded', detail: `${waiting} of ${all.length} partitions wait for it, and try again` }];
    });
  }
}
