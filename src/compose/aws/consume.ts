import { batchesOf, type KafkaEvent, messagesOfEvent } from '../../adapters/queue/kafka/wire.ts';
import { AppError } from '../../core/errors.ts';
import type { QueueBatch } from '../../core/ports/queue.ts';
import type { Delivered } from '../../pipeline/deliver/types.ts';
import type { FunctionRuntime, Invocation } from './function-runtime.ts';

/** Brings batches of one partition into a sink, until `deadlineMs` at the latest. */
export type Deliver = (batches: QueueBatch[], invocation: Invocation) => Promise<Delivered>;

/** What became of an event, for whoever invokes by hand; Lambda's event source looks only at whether it failed. */
export type Consumed = { closed: number; stored: number; dropped: number; dead: number };

/** Names what a sink closes as the platform's metrics do. */
export function sinkMetrics({ registry }: Pick<FunctionRuntime<unknown>, 'registry'>) {
  return {
    closed: registry.counter('logdrive_records_closed_total', 'Records that a sink closed, by what became of them.', ['outcome']),
    retries: registry.counter('logdrive_sink_retries_total', 'Times that a sink tried something again.'),
    lag: registry.histogram(
      'logdrive_sink_lag_seconds',
      'Time from when a record was taken in until its sink closed it, of the oldest of an event.',
    ),
    failures: registry.counter('logdrive_sink_failures_total', 'Events that a sink could not close, by code.', ['code']),
  };
}

export type SinkMetrics = ReturnType<typeof sinkMetrics>;

/**
 * Brings an event of a Kafka event source into a sink, its partitions side by side. Throws where anything may pass later, once all partitions have
 * ended: the source delivers the whole event again, and what was closed is trimmed from it.
 */
export async function consume(
  event: KafkaEvent,
  topic: string,
  generation: number,
  deliver: Deliver,
  invocation: Invocation,
  { metrics, nowMs }: { metrics: SinkMetrics; nowMs: () => number },
): Promise<Consumed> {
  const partitions = messagesOfEvent(event);
  const foreign = partitions.find((each) => each.topic !== topic);
  if (foreign) throw new AppError('INVALID_CONFIG', `the event source reads ${foreign.topic}, not ${topic}`);
  const outcomes = await Promise.allSettled(
    partitions.map(async ({ partition, messages }) => {
      const batches = batchesOf(partition, generation, messages);
      const delivered = await deliver(batches, invocation);
      if (delivered.closed > 0) metrics.lag.observe(Math.max(0, nowMs() / 1_000 - batches[0]!.observedUs / 1e6));
      return delivered;
    }),
  );
  const sum: Consumed = { closed: 0, stored: 0, dropped: 0, dead: 0 };
  const failures: unknown[] = [];
  for (const [i, outcome] of outcomes.entries()) {
    if (outcome.status === 'fulfilled') note(sum, outcome.value, metrics);
    else {
      failures.push(outcome.reason);
      metrics.failures.add(1, outcome.reason instanceof AppError ? outcome.reason.code : 'INTERNAL');
      invocation.log.error({ partition: partitions[i]!.partition, error: outcome.reason }, 'partition was not delivered whole');
    }
  }
  if (failures.length > 0) throw failures[0];
  if (sum.closed > 0) invocation.log.debug({ ...sum }, 'event delivered');
  return sum;
}

function note(sum: Consumed, { closed, stored, dropped, dead, retried }: Delivered, metrics: SinkMetrics): void {
  const left = Object.values(dropped).reduce((total, n) => total + n, 0);
  sum.closed += closed;
  sum.stored += stored;
  sum.dropped += left;
  sum.dead += dead;
  metrics.closed.add(stored, 'done');
  metrics.closed.add(left, 'dropped');
  metrics.closed.add(dead, 'dead');
  metrics.retries.add(retried);
}
