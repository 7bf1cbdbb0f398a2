import type { RecordDefaults } from '../../core/ports/queue.ts';
import type { RecordFault } from '../../core/record-fault.ts';
import type { AcceptLimits } from './types.ts';

/** What a translator is told of the request besides its body. */
export type TranslateContext = {
  tenant: string;
  contentType: string | undefined;
  limits: AcceptLimits;
  /** What records take that name none. */
  defaults: RecordDefaults;
  /** When accept saw the request, epoch microseconds. */
  observedUs: number;
  /** Counts a series of metrics against the tenant's budget of the day; false when that is spent. */
  admits(series: string): boolean;
};

/** A foreign body as NDJSON of our own records, one a line in its order; a record that will not do is a line `{}`, and `faults` says by index why. */
export type Translated = { lines: Uint8Array; faults: ReadonlyMap<number, RecordFault> };

/** Turns a decoded body of another form into records. @throws AppError INVALID_BODY, MEDIA_TYPE, BODY_TOO_LARGE */
export type Translate = (body: Uint8Array, context: TranslateContext) => Translated;

/** Gathers the lines of a translation. */
export class Lines {
  readonly faults = new Map<number, RecordFault>();
  readonly #lines: string[] = [];
  readonly #most: number;
  readonly #tooMany: () => Error;

  constructor(most: number, tooMany: () => Error) {
    this.#most = most;
    this.#tooMany = tooMany;
  }

  get count(): number {
    return this.#lines.length;
  }

  add(line: string): void {
    if (this.#lines.length === this.#most) throw this.#tooMany();
    this.#lines.push(line);
  }

  refuse(fault: RecordFault): void {
    this.faults.set(this.#lines.length, fault);
    this.add('{}');
  }

  done(): Translated {
    return { lines: Buffer.from(this.#lines.join('\n')), faults: this.faults };
  }
}
