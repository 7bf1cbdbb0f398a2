import { createHash } from 'node:crypto';
import type { DeadLetter } from '../../../core/ports/dead-letters.ts';
import type { WarmStore } from '../../../core/ports/warm-store.ts';
import type { Kept } from './items.ts';
import { bodiesPrefix } from './manifest.ts';

/** Larger bodies are objects: an item takes 400 KB, a transaction 4 MB, a batch of messages 256 KB. */
const maxInlineBytes = 16 * 1024;
const parallel = 8;

/** The bodies that are too large for an item or a message, each an object that is never changed: named by its letter and its content. */
export class Bodies {
  readonly #objects: Pick<WarmStore, 'putIfAbsent' | 'get'>;

  constructor(objects: Pick<WarmStore, 'putIfAbsent' | 'get'>) {
    this.#objects = objects;
  }

  /** Puts a large body where it belongs; the name of its object, undefined for a small one. Durable when it resolves. */
  async store({ id, body }: DeadLetter): Promise<string | undefined> {
    if (body.length * 3 <= maxInlineBytes || Buffer.byteLength(body) <= maxInlineBytes) return undefined;
    const bytes = Buffer.from(body);
    const name = `${bodiesPrefix}${id}/${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}.json`;
    await this.#objects.putIfAbsent(name, [bytes]);
    return name;
  }

  /** Letters with their bodies, in the same order. */
  async join(kept: readonly Kept[]): Promise<DeadLetter[]> {
    const letters = kept.map(({ letter }) => letter);
    const large = kept.entries().filter(([, { object }]) => object !== undefined);
    const reader = async () => {
      for (const [i, { letter, object }] of large)
        letters[i] = { ...letter, body: Buffer.from(await this.#objects.get(object!)).toString() };
    };
    await Promise.all(Array.from({ length: parallel }, reader));
    return letters;
  }
}
