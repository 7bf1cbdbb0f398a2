import { HeadObjectCommand, RestoreObjectCommand, type S3Client, type Tier } from '@aws-sdk/client-s3';
import type { Coldness, ColdStore, RestoreSpeed } from '../../../core/ports/cold-store.ts';
import { translated } from './failures.ts';

const tiers: Record<RestoreSpeed, Tier> = { fast: 'Expedited', standard: 'Standard', bulk: 'Bulk' };
/** Glacier Instant Retrieval is read like any other. https://docs.aws.amazon.com/AmazonS3/latest/userguide/archived-objects.html */
const archived = new Set(['GLACIER', 'DEEP_ARCHIVE']);
/** Under way already, or not archived at all: what is asked for is so, or will be. */
const needless = new Set(['RestoreAlreadyInProgress', 'InvalidObjectState', 'ObjectAlreadyInActiveTierError']);

/** The cold objects of a bucket. Names as the S3WarmStore of the same prefix has them. */
export class S3ColdStore implements ColdStore {
  readonly #client: S3Client;
  readonly #bucket: string;
  readonly #prefix: string;

  constructor({ client, bucket, prefix = '' }: { client: S3Client; bucket: string; prefix?: string }) {
    this.#client = client;
    this.#bucket = bucket;
    this.#prefix = prefix;
  }

  async coldness(name: string): Promise<Coldness> {
    try {
      const { StorageClass, Restore } = await this.#client.send(new HeadObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name }));
      return coldnessOf(StorageClass, Restore);
    } catch (error) {
      throw translated(error, name);
    }
  }

  async bringBack(name: string, days: number, speed: RestoreSpeed): Promise<void> {
    const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: tiers[speed] } };
    try {
      await this.#client.send(new RestoreObjectCommand({ Bucket: this.#bucket, Key: this.#prefix + name, RestoreRequest }));
    } catch (error) {
      if (!needless.has((error as Error).name)) throw translated(error, name);
    }
  }
}

/** Reads the `x-amz-restore` header: `ongoing-request="false", expiry-date="Fri, 23 Dec 2012 00:00:00 GMT"`. */
export function coldnessOf(storageClass: string | undefined, restore: string | undefined): Coldness {
  if (!storageClass || !archived.has(storageClass)) return { state: 'readable', untilMs: undefined };
  if (!restore) return { state: 'cold' };
  if (restore.includes('ongoing-request="true"')) return { state: 'coming' };
  const [, expiry] = /expiry-date="([^"]+)"/.exec(restore) ?? [];
  return { state: 'readable', untilMs: expiry ? Date.parse(expiry) : undefined };
}
