import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { FileSystem } from '../../../core/ports/file-system.ts';

const trustMs = 1000;

/**
 * Keeps the last `minFreeBytes` of the disk for those who make room (sinks that commit, retention). Asks the system once a second, or when
 * what it found is used up.
 */
export class DiskSpace {
  readonly #files: FileSystem;
  readonly #folder: string;
  readonly #minFreeBytes: number;
  readonly #clock: Clock;
  #leftBytes = 0;
  #askedAtMs = Number.NEGATIVE_INFINITY;

  constructor(files: FileSystem, folder: string, minFreeBytes: number, clock: Clock) {
    this.#files = files;
    this.#folder = folder;
    this.#minFreeBytes = minFreeBytes;
    this.#clock = clock;
  }

  /** @throws AppError DISK_FULL */
  async take(bytes: number): Promise<void> {
    if (this.#minFreeBytes === 0) return;
    const nowMs = this.#clock.monotonicMs();
    if (this.#leftBytes < bytes || nowMs - this.#askedAtMs > trustMs) {
      this.#leftBytes = (await this.#files.freeBytes(this.#folder)) - this.#minFreeBytes;
      this.#askedAtMs = nowMs;
    }
    if (this.#leftBytes < bytes) throw diskFull(this.#folder);
    this.#leftBytes -= bytes;
  }
}

export function diskFull(folder: string, cause?: unknown): AppError {
  return new AppError(
    'DISK_FULL',
    `the disk under ${folder} is full, nothing of this request was kept: free some space, then send it again`,
    {
      retryAfterS: 1,
      ...(cause === undefined ? {} : { cause }),
    },
  );
}
