import { AppError } from '../../../core/errors.ts';
import type { ParsedOutput } from '../../../core/ports/streams.ts';
import { KafkaClient } from './kafka-client.ts';
import { type KafkaQueueOptions, type Settings, settingsOf } from './options.ts';
import { ProduceFailure, ProducerLane } from './producer-lane.ts';
import { type Chunk, maxChunkBytes } from './wire.ts';

/** `logs.parsed`: a record a message, without a key. The header's value says no more than its version. */
export class ParsedTopic implements ParsedOutput {
  readonly #settings: Settings;
  readonly #client: KafkaClient;
  readonly #lanes = new Map<number, ProducerLane>();

  constructor(options: Omit<KafkaQueueOptions, 'generation'>) {
    this.#settings = settingsOf({ ...options, generation: 0 });
    this.#client = new KafkaClient(options, options.topic);
  }

  async publish(partition: number, records: Buffer[]): Promise<void> {
    const own = partition % this.#settings.partitions;
    const lane = this.#lanes.get(own) ?? new ProducerLane(this.#client, this.#settings, own);
    this.#lanes.set(own, lane);
    try {
      await lane.append(chunksOfValues(records));
    } catch (failure) {
      if (!(failure instanceof ProduceFailure)) throw failure;
      const detail = `${this.#settings.topic} did not take processed records: they are published again`;
      throw new AppError('QUEUE_UNAVAILABLE', detail, { retryAfterS: 1, cause: failure.error });
    }
  }

  async close(): Promise<void> {
    for (const lane of this.#lanes.values()) await lane.drain();
    await this.#client.close();
  }
}

const header = Buffer.from('{"v":1}');

function chunksOfValues(values: Buffer[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (const [first, value] of values.entries()) {
    const last = chunks.at(-1);
    if (last && last.bytes + value.length <= maxChunkBytes) {
      last.values.push(value);
      last.bytes += value.length;
    } else chunks.push({ header, values: [value], bytes: value.length, first });
  }
  return chunks;
}
