import type { Io } from '../io.ts';
import { number, type Style, size, span } from '../style.ts';

/** What a run of sending has done so far. */
export type Tally = { records: number; rejected: number; lost: number; requests: number; retries: number; readBytes: number };

export const newTally = (): Tally => ({ records: 0, rejected: 0, lost: 0, requests: 0, retries: 0, readBytes: 0 });

const everyMs = 100;
const noteEveryMs = 10_000;
const barWidth = 30;

/** A line on the terminal that shows how far sending is: a bar and the time left where the size is known. Nothing where standard error is no terminal. */
export class Progress {
  readonly #io: Io;
  readonly #style: Style;
  readonly #tally: Tally;
  readonly #totalBytes: number | undefined;
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout | undefined;
  #note = '';
  #notedMs = Number.NEGATIVE_INFINITY;

  constructor(io: Io, style: Style, tally: Tally, totalBytes: number | undefined) {
    this.#io = io;
    this.#style = style;
    this.#tally = tally;
    this.#totalBytes = totalBytes;
    if (io.errIsTerminal) this.#timer = setInterval(() => this.#draw(), everyMs).unref();
  }

  /** Shows why it waits: on the terminal's line, elsewhere as a line of its own now and then. */
  note(text: string): void {
    this.#note = text;
    const nowMs = performance.now();
    if (this.#timer || nowMs - this.#notedMs < noteEveryMs) return;
    this.#notedMs = nowMs;
    this.#io.err(`${text}\n`);
  }

  get seconds(): number {
    return (performance.now() - this.#startedMs) / 1000;
  }

  stop(): void {
    clearInterval(this.#timer);
    if (this.#timer) this.#io.err('\r\u001b[K');
  }

  #draw(): void {
    const { records, readBytes } = this.#tally;
    const rate = records / Math.max(0.001, this.seconds);
    const share = this.#totalBytes ? Math.min(1, readBytes / this.#totalBytes) : undefined;
    const done = share === undefined ? size(readBytes) : `${this.#bar(share)} ${Math.floor(share * 100)} %`;
    const left = share === undefined || share === 0 ? '' : `  ${span((this.seconds / share) * (1 - share))} left`;
    const note = this.#note ? `  ${this.#style.yellow(this.#note)}` : '';
    this.#io.err(
      `\r\u001b[K${done}  ${number(records)} records  ${number(Math.round(rate))}/s${left}${note}`.slice(0, this.#io.columns + 20),
    );
    this.#note = '';
  }

  #bar(share: number): string {
    const full = Math.round(share * barWidth);
    return `${this.#style.green('━'.repeat(full))}${this.#style.dim('━'.repeat(barWidth - full))}`;
  }
}
