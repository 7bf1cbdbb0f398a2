import type { Clock } from '../../../core/clock.ts';
import { type FileSystem, readFile, writeFileDurably } from '../../../core/ports/file-system.ts';
import type { KnownRequest } from '../../../core/ports/queue.ts';
import { batchOf, frameAt, headerOf, stamp } from './frame.ts';
import type { KeyedBatch } from './scan.ts';

/** A file of keys: how many it holds, and the time of the newest, epoch microseconds. */
export type KeysFile = { path: string; count: number; newestUs: number };

type Remembered = Omit<KnownRequest, 'runs'> & { tenant: string; key: string; baseOffset: number; observedUs: number };

export const rememberMs = 24 * 3600 * 1000;
/** Share above the bound at which the oldest are forgotten, many at once: a Map walks over what was deleted at its front each time. */
const slack = 1 / 8;
const empty = new Uint8Array();

/**
 * One partition's idempotency keys of the last 24 hours, the newest `maxRequests` of them (512 bytes of bitmap count as one more). Rebuilt from the segments' headers; for segments that
 * retention removes, their keys are kept in a file of the same name with the ending `.keys`: frames without payload.
 */
export class KnownRequests {
  readonly #clock: Clock;
  readonly #partition: number;
  readonly #maxRequests: number;
  /** In the order of their offsets, oldest first. */
  readonly #byKey = new Map<string, Remembered>();
  #weight = 0;

  constructor(clock: Clock, partition: number, maxRequests: number) {
    this.#clock = clock;
    this.#partition = partition;
    this.#maxRequests = maxRequests;
  }

  find(tenant: string, key: string): KnownRequest | undefined {
    const found = this.#byKey.get(nameOf(tenant, key));
    if (!found || this.#isOver(found.observedUs)) return undefined;
    const { generation, partition, baseOffset, count, bodyHmac, total, accepted } = found;
    return { generation, partition, runs: [[baseOffset, baseOffset + count]], count, bodyHmac, total, accepted };
  }

  add(batch: KeyedBatch): void {
    if (!batch.idempotency) return;
    const { tenant, idempotency, generation, baseOffset, count, total, accepted, observedUs } = batch;
    const { key, bodyHmac } = idempotency;
    const request = { tenant, key, bodyHmac, generation, partition: this.#partition, baseOffset, count, total, accepted, observedUs };
    const name = nameOf(tenant, key);
    this.#forget(name);
    this.#byKey.set(name, request);
    this.#weight += weightOf(request);
    if (this.#weight > this.#maxRequests * (1 + slack)) this.#forgetOldest();
  }

  /** Writes the keys of offsets `[from, to)` durably; resolves to how many there were. Writes nothing where there are none. */
  async save(files: FileSystem, path: string, from: number, to: number): Promise<number> {
    const headers: Uint8Array[] = [];
    for (const request of this.#byKey.values()) {
      if (request.baseOffset >= from && request.baseOffset < to) headers.push(headerOfRequest(request));
    }
    if (headers.length > 0) await writeFileDurably(files, path, headers);
    return headers.length;
  }

  /** Reads the keys of segments that are gone from the partition's folder; to be called before those of the segments are added. */
  async loadAll(files: FileSystem, folder: string): Promise<KeysFile[]> {
    const keysFiles: KeysFile[] = [];
    for (const name of await files.list(folder)) {
      if (name.endsWith('.keys')) keysFiles.push(await this.#load(files, `${folder}/${name}`));
    }
    return keysFiles;
  }

  async #load(files: FileSystem, path: string): Promise<KeysFile> {
    const bytes = Buffer.from((await readFile(files, path)).buffer);
    let newestUs = 0;
    let count = 0;
    for (let position = 0; position < bytes.byteLength; count++) {
      const rest = bytes.subarray(position);
      const frame = frameAt(rest, 0);
      if (!frame || frame === 'short') break;
      this.add(batchOf(Buffer.from(rest.subarray(0, frame.headerBytes)), empty, this.#partition));
      newestUs = Math.max(newestUs, frame.observedUs);
      position += frame.headerBytes;
    }
    return { path, count, newestUs };
  }

  #forgetOldest(): void {
    for (const oldest of this.#byKey.keys()) {
      if (this.#weight <= this.#maxRequests) break;
      this.#forget(oldest);
    }
  }

  #forget(name: string): void {
    const known = this.#byKey.get(name);
    if (!known) return;
    this.#byKey.delete(name);
    this.#weight -= weightOf(known);
  }

  #isOver(observedUs: number): boolean {
    return observedUs < (this.#clock.nowMs() - rememberMs) * 1000;
  }
}

const nameOf = (tenant: string, key: string): string => `${tenant} ${key}`;
const weightOf = ({ accepted }: Remembered): number => 1 + (accepted ? accepted.byteLength / 512 : 0);

function headerOfRequest({ tenant, key, bodyHmac, ...request }: Remembered): Buffer {
  const { observedUs, total, accepted, count, generation, baseOffset } = request;
  const header = headerOf(
    {
      tenant,
      observedUs,
      format: 'json',
      payload: empty,
      total,
      accepted,
      count,
      defaults: {},
      requestId: '',
      rulesVersion: 0,
      idempotency: { key, bodyHmac },
    },
    generation,
  );
  stamp(header, baseOffset, 0, 0);
  return header;
}
