import type { Decoded } from '../records-of.ts';

/** Finds which of these ids of a tenant are in committed files already. */
export type CommittedIds = (tenant: string, ids: string[]) => Promise<Set<string>>;

/** Rows in memory that are being filled or committed, by the ids that clients gave them. The ids are digests over the tenant, so one set serves all. */
export type IdHolder = { readonly clientIds: ReadonlySet<string> };

export type TakenIds = {
  /** Whether the id is taken now, also by what came since the question was asked. */
  has(id: string): boolean;
  /** To be called when the last row was added that the answer decided on. */
  end(): void;
};

const nothing: TakenIds = { has: () => false, end: () => {} };

/**
 * Tells which client ids are taken: in memory, whatever partition holds them, or in a committed file. The first record indexed keeps its id, so
 * that an id is never visible twice. Whoever asks `has` and adds the row without awaiting anything in between cannot be overtaken.
 */
export class ClientIds {
  readonly #committed: CommittedIds;
  readonly #holders = new Set<IdHolder>();
  readonly #questions = new Set<Set<IdHolder>>();

  constructor(committed: CommittedIds) {
    this.#committed = committed;
  }

  /** Tells of rows that are about to be added. */
  hold(holder: IdHolder): void {
    this.#holders.add(holder);
    for (const holders of this.#questions) holders.add(holder);
  }

  /** Tells that a holder's rows are in a committed file. Questions asked before go on asking it, since their look into the files was too early. */
  release(holder: IdHolder): void {
    this.#holders.delete(holder);
  }

  /** @throws AppError whatever reading the files throws */
  async taken(tenant: string, ids: Iterable<string>): Promise<TakenIds> {
    const asked = [...new Set(ids)];
    if (asked.length === 0) return nothing;
    const holders = new Set(this.#holders);
    this.#questions.add(holders);
    const end = () => void this.#questions.delete(holders);
    try {
      const inFiles = await this.#committed(tenant, asked);
      return { has: (id) => inFiles.has(id) || [...holders].some(({ clientIds }) => clientIds.has(id)), end };
    } catch (error) {
      end();
      throw error;
    }
  }
}

/** The ids that clients gave to decoded records. */
export function* idsIn(decoded: Iterable<Decoded>): Generator<string> {
  for (const item of decoded) if ('record' in item && item.record.client_id !== undefined) yield item.record.client_id;
}
