import type { Clock } from '../../../core/clock.ts';
import type { KafkaConnection } from './connection.ts';

export type Compression = 'none' | 'snappy' | 'zstd';

export type KafkaQueueOptions = KafkaConnection & {
  /** The raw topic; it exists. */
  topic: string;
  /** How many of its partitions are written to: never more than it has. */
  partitions: number;
  /** From the state store; stamped on every position. */
  generation: number;
  clock: Clock;
  /** @default snappy */
  compression?: Compression;
  /** An append that is not durable after this long is refused; its outcome may then be unknown. Shorter than the lease of a key. @default 10 s */
  budgetMs?: number;
  /** What may be under way, over all partitions; beyond it appends are refused. @default 32 MiB */
  maxInFlightBytes?: number;
  /** @default 2,000 */
  maxInFlightRequests?: number;
  /** Failed attempts in a row after which a partition refuses appends without trying. @default 5 */
  breakerFailures?: number;
  /** How long it does so before it tries one again. @default 1 s */
  breakerOpenMs?: number;
  /** Called with what went wrong where no append is there to be refused. */
  onProblem?: (what: string, cause: unknown) => void;
};

export type Settings = Required<Omit<KafkaQueueOptions, keyof KafkaConnection>>;

const mebibyte = 2 ** 20;

export const settingsOf = (options: KafkaQueueOptions): Settings => ({
  compression: 'snappy',
  budgetMs: 10_000,
  maxInFlightBytes: 32 * mebibyte,
  maxInFlightRequests: 2_000,
  breakerFailures: 5,
  breakerOpenMs: 1_000,
  onProblem: () => {},
  ...options,
});
