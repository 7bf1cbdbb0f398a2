/** What a command may touch: everything of the process, so that tests give their own. */
export type Io = {
  stdin: NodeJS.ReadableStream & { isTTY?: boolean | undefined };
  out(text: string): void;
  err(text: string): void;
  /** Resolves once what was written out has left, so that an endless tail does not fill memory. */
  drained(): Promise<void>;
  outIsTerminal: boolean;
  errIsTerminal: boolean;
  columns: number;
  env: Record<string, string | undefined>;
  cwd: string;
  /** Aborted by Ctrl-C and by SIGTERM. */
  signal: AbortSignal;
};

/** The io of this process. A reader that has gone (`| head`) ends it quietly. */
export function processIo(): Io {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      stop.abort();
      process.once(name, () => process.exit(130));
    });
  }
  process.stderr.on('error', () => {});
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  return {
    stdin: process.stdin,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    drained: () =>
      process.stdout.writableNeedDrain ? new Promise((resolve) => process.stdout.once('drain', () => resolve())) : Promise.resolve(),
    outIsTerminal: process.stdout.isTTY === true,
    errIsTerminal: process.stderr.isTTY === true,
    columns: process.stdout.columns || 100,
    env: process.env,
    cwd: process.cwd(),
    signal: stop.signal,
  };
}
