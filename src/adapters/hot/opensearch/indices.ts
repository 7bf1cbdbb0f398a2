import type { Clock } from '../../../core/clock.ts';
import { AppError } from '../../../core/errors.ts';
import type { HotDay, HotDays } from '../../../query/ports/hot-days.ts';
import { type OpenSearchClient, Refused } from './client.ts';
import { type IndexOptions, indexBody, layoutVersion } from './index-body.ts';
import { type CellOptions, cellOf, dayOf, indexName, mayHold, parseIndexName } from './index-name.ts';

/** How long a list of indices is believed. What this process made, and the days around now, are asked without being listed. */
const listedForMs = 1_000;
const dayUs = 86_400_000_000;

type Properties = { [name: string]: { type?: string; properties?: Properties } };
type Listed = { index: string; 'docs.count': string | null; 'store.size': string | null };

/** The indices of a deployment: which there are, made before they are written to, dropped a day at a time. */
export class Indices implements HotDays {
  readonly #client: OpenSearchClient;
  readonly #cells: CellOptions;
  readonly #shape: IndexOptions;
  readonly #clock: Clock;
  readonly #made = new Map<string, Promise<void>>();
  #names = new Set<string>();
  #listedAtMs = Number.NEGATIVE_INFINITY;

  constructor(client: OpenSearchClient, cells: CellOptions, shape: IndexOptions, clock: Clock) {
    this.#client = client;
    this.#cells = cells;
    this.#shape = shape;
    this.#clock = clock;
  }

  /** The indices that may hold records of a tenant, oldest day first; some of them may not be there. */
  async of(tenant: string): Promise<string[]> {
    const { prefix } = this.#cells;
    if (this.#clock.monotonicMs() - this.#listedAtMs >= listedForMs) {
      const atMs = this.#clock.monotonicMs();
      const { indices } = await this.#client.json<{ indices: { name: string }[] }>('GET', `/_resolve/index/${prefix}logs.*`);
      this.#names = new Set(indices.map(({ name }) => name));
      this.#listedAtMs = atMs;
    }
    const isOurs = (name: string): boolean => mayHold(parseIndexName(name, prefix)?.cell ?? '', tenant);
    const cell = cellOf(tenant, this.#cells);
    const nowUs = this.#clock.nowMs() * 1_000;
    const around = [-1, 0, 1].map((days) => indexName({ cell, day: dayOf(nowUs + days * dayUs) }, prefix));
    return [...new Set([...[...this.#names].filter(isOurs), ...around])].sort();
  }

  /**
   * Makes an index where there is none, with its settings and mappings; asked once a process.
   * @throws AppError STORE_UNAVAILABLE also for an index that somebody made otherwise
   */
  async make(name: string): Promise<void> {
    const making = this.#made.get(name) ?? this.#make(name);
    this.#made.set(name, making);
    try {
      await making;
    } catch (error) {
      this.#made.delete(name);
      throw error;
    }
  }

  /** An index was found to be gone: the next write makes it again. */
  forget(name: string): void {
    this.#made.delete(name);
    this.#names.delete(name);
  }

  /** The attribute columns of an index by their name there, `numbers.latency_ms`. */
  async columns(name: string): Promise<Set<string>> {
    const found = await this.#client.json<Record<string, { mappings: { properties: Properties } }>>('GET', `/${name}/_mapping`);
    const columns = new Set<string>();
    const walk = (properties: Properties, path: string): void => {
      for (const [key, { type, properties: inner }] of Object.entries(properties)) {
        if (inner) walk(inner, `${path}${key}.`);
        else if (type) columns.add(path + key);
      }
    };
    walk(found[name]?.mappings.properties ?? {}, '');
    return columns;
  }

  async days(): Promise<HotDay[]> {
    const days = new Map<string, HotDay>();
    for (const listed of await this.#list()) {
      const { cell, day } = parseIndexName(listed.index, this.#cells.prefix)!;
      days.set(`${day} ${cell}`, { cell, day, records: Number(listed['docs.count'] ?? 0), bytes: Number(listed['store.size'] ?? 0) });
    }
    return [...days].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, day]) => day);
  }

  async dropDay(cell: string, day: string): Promise<boolean> {
    const name = indexName({ cell, day }, this.#cells.prefix);
    if (!parseIndexName(name, this.#cells.prefix)) throw new AppError('INVALID_PARAMETER', `"${name}" is no index of the hot store`);
    const { error } = (await this.#client.json<{ error?: unknown }>('DELETE', `/${name}`, undefined, { accepted: [404] })) ?? {};
    this.forget(name);
    return error === undefined;
  }

  async #list(): Promise<Listed[]> {
    const path = `/_cat/indices/${this.#cells.prefix}logs.*?format=json&bytes=b&h=index,docs.count,store.size&expand_wildcards=open`;
    const listed = (await this.#client.json<Listed[] | { error: unknown }>('GET', path, undefined, { accepted: [404] })) ?? [];
    return Array.isArray(listed) ? listed.filter(({ index }) => parseIndexName(index, this.#cells.prefix)) : [];
  }

  async #make(name: string): Promise<void> {
    try {
      await this.#client.json('PUT', `/${name}`, indexBody(this.#shape));
    } catch (error) {
      if (!(error instanceof Refused) || error.type !== 'resource_already_exists_exception') throw refusal(error, name);
      const { [name]: index } = await this.#client.json<Record<string, { mappings: { _meta?: { logdrive_layout?: number } } }>>(
        'GET',
        `/${name}/_mapping?filter_path=*.mappings._meta`,
      );
      if (index?.mappings._meta?.logdrive_layout !== layoutVersion) {
        throw new AppError(
          'STORE_UNAVAILABLE',
          `index ${name} is not of layout ${layoutVersion}; something else made it, move it out of the way`,
        );
      }
    }
    this.#names.add(name);
  }
}

function refusal(error: unknown, name: string): unknown {
  if (!(error instanceof Refused)) return error;
  return new AppError('STORE_UNAVAILABLE', `the hot store would not make index ${name}: ${error.message}`, { cause: error });
}
