import { randomUUID } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { backoffMs } from '../../../core/backoff.ts';
import { AppError } from '../../../core/errors.ts';
import type { ObjectBytes, WarmObject, WarmStore } from '../../../core/ports/warm-store.ts';
import { BlockCache } from './block-cache.ts';
import { statusOf, translated, wasRepeated } from './failures.ts';
import { S3Object } from './s3-object.ts';
import { upload } from './upload.ts';

export type S3WarmOptions = {
  client: S3Client;
  bucket: string;
  /** What stands before every name; empty, or ends with `/`. */
  prefix?: string;
  /** Larger objects are sent in parts of this size. */
  partBytes?: number;
  /** How much of its end is read when an object is opened: footer, directory, words and filters of most files. */
  tailBytes?: number;
  blockBytes?: number;
  /** Bytes of open objects that are kept, of all together. */
  cacheBytes?: number;
};

/** As the folder's, so that an archive can move from one to the other. */
const namePattern = /^(?:[\w=-]+\/)*[\w=-]+(?:\.[\w-]+)+$/;
const conflictAttempts = 8;
const bodyAttempts = 3;
const pause = { baseMs: 50, maxMs: 2_000 };

/**
 * The WarmStore in a bucket of S3. New objects are written with If-None-Match, so that a name is given once; what is read whole is checked
 * against the CRC32 that S3 keeps. Objects are read in blocks, see {@link S3Object}.
 */
export class S3WarmStore implements WarmStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #partBytes: number;
  readonly #tailBytes: number;
  readonly #cache: BlockCache;

  constructor(options: S3WarmOptions) {
    const { client, bucket, prefix = '', partBytes = 8 * 2 ** 20, tailBytes = 512 * 1024 } = options;
    if (prefix !== '' && !prefix.endsWith('/')) throw new AppError('INVALID_CONFIG', `the prefix "${prefix}" must end with "/"`);
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
    this.#partBytes = partBytes;
    this.#tailBytes = tailBytes;
    this.#cache = new BlockCache({ maxBytes: options.cacheBytes ?? 64 * 2 ** 20, blockBytes: options.blockBytes ?? 256 * 1024 });
  }

  putIfAbsent(name: string, parts: Uint8Array[]): Promise<boolean> {
    return this.#put(name, parts, true);
  }

  /** Bytes that are made as they are sent are sent once: where that fails, the caller has to make them again. */
  async replace(name: string, parts: ObjectBytes): Promise<void> {
    await this.#put(name, parts, false);
  }

  async get(name: string): Promise<Uint8Array> {
    return (await this.#fetch(name, { ChecksumMode: 'ENABLED' })).bytes;
  }

  async open(name: string): Promise<WarmObject> {
    const { bytes, answer } = await this.#fetch(name, { Range: `bytes=-${this.#tailBytes}` });
    const size = Number(/\/(\d+)$/.exec(answer.ContentRange ?? '')?.[1] ?? bytes.byteLength);
    const match = answer.ETag ? { IfMatch: answer.ETag } : {};
    const read = async (from: number, to: number) => {
      const range = await this.#fetch(name, { Range: `bytes=${from}-${to - 1}`, ...match });
      if (range.bytes.byteLength === to - from) return range.bytes;
      throw new AppError('STORE_UNAVAILABLE', `${name} has fewer bytes than it said`, { retryAfterS: 1 });
    };
    return new S3Object(bytes, size, read, this.#cache);
  }

  async remove(name: string): Promise<void> {
    try {
      await this.#client.send(new DeleteObjectCommand(this.#at(name)));
    } catch (error) {
      throw translated(error, name);
    }
  }

  async list(prefix: string): Promise<{ name: string; bytes: number }[]> {
    const found: { name: string; bytes: number }[] = [];
    try {
      for (let token: string | undefined, isFirst = true; isFirst || token; isFirst = false) {
        const from = token ? { ContinuationToken: token } : {};
        const page = await this.#client.send(new ListObjectsV2Command({ Bucket: this.#bucket, Prefix: this.#prefix + prefix, ...from }));
        for (const { Key = '', Size = 0 } of page.Contents ?? []) found.push({ name: Key.slice(this.#prefix.length), bytes: Size });
        token = page.NextContinuationToken;
      }
    } catch (error) {
      throw translated(error, prefix);
    }
    // As S3 gives them, but for directory buckets; names are ASCII.
    return found.sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  async #put(name: string, bytes: ObjectBytes, onlyNew: boolean): Promise<boolean> {
    const { Bucket: bucket, Key: key } = this.#at(name);
    const writer = randomUUID();
    for (let attempt = 0; ; attempt++) {
      try {
        await upload(this.#client, { bucket, key, onlyNew, writer }, bytes, this.#partBytes);
        return true;
      } catch (error) {
        const status = statusOf(error);
        // A part of a lost answer: the upload is gone because it was completed.
        const wasDone = wasRepeated(error) && (status === 412 || status === 404) && (await this.#isOurs(name, writer));
        if (wasDone) return true;
        if (onlyNew && status === 412) return false;
        // Another is writing this name: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        if (status !== 409 || !Array.isArray(bytes) || attempt === conflictAttempts - 1) throw translated(error, name);
        await wait(backoffMs(attempt, pause));
      }
    }
  }

  /** Whether the object of this name comes from this very put, whose answer was lost. */
  async #isOurs(name: string, writer: string): Promise<boolean> {
    try {
      return (await this.#client.send(new HeadObjectCommand(this.#at(name)))).Metadata?.writer === writer;
    } catch (error) {
      const failure = translated(error, name);
      if (failure.code === 'NOT_FOUND') return false;
      throw failure;
    }
  }

  /** Reads an object or a range of it. The client sends again what gets no answer; an answer that breaks off or is corrupt is asked for again here. */
  async #fetch(name: string, more: object): Promise<{ bytes: Uint8Array; answer: GetObjectCommandOutput }> {
    for (let attempt = 0; ; attempt++) {
      let answer: GetObjectCommandOutput;
      try {
        answer = await this.#client.send(new GetObjectCommand({ ...this.#at(name), ...more }));
      } catch (error) {
        // The end of nothing is no range.
        if (statusOf(error) === 416) return { bytes: new Uint8Array(0), answer: { $metadata: {} } };
        throw translated(error, name);
      }
      try {
        return { bytes: (await answer.Body?.transformToByteArray()) ?? new Uint8Array(0), answer };
      } catch (error) {
        if (attempt === bodyAttempts - 1) throw translated(error, name);
        await wait(backoffMs(attempt, pause));
      }
    }
  }

  #at(name: string): { Bucket: string; Key: string } {
    if (!namePattern.test(name))
      throw new AppError('INTERNAL', `"${name}" is no name of an object: segments of letters, digits, "_", "-", "="`);
    return { Bucket: this.#bucket, Key: this.#prefix + name };
  }
}
