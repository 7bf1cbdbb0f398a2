import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type FunctionName, functions } from '../../lambdas/registry.ts';
import { type Invoked, RuntimeApi, type Streamed } from './runtime-api.ts';

export type RunOptions = { env: Record<string, string>; timeoutMs?: number; folder?: string };

const root = join(import.meta.dirname, '../..');
/** Where `npm run bundle` puts the functions; tests may build them elsewhere. */
export const bundlesFolder = process.env.LOGDRIVE_TEST_BUNDLES ?? join(root, 'dist/lambdas');
const ric = process.env.LOGDRIVE_TEST_RIC;

/** One execution environment of a function: its bundle in a process of its own, started when it is first invoked and again after its end, as Lambda does. */
export class RunningFunction {
  readonly #name: FunctionName;
  readonly #options: RunOptions;
  readonly #api: RuntimeApi;
  #address: string | undefined;
  #child: ChildProcess | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  /** What it wrote to its log, a line each. */
  readonly lines: string[] = [];
  /** How often a process was started. */
  starts = 0;

  constructor(name: FunctionName, options: RunOptions) {
    this.#name = name;
    this.#options = options;
    this.#api = new RuntimeApi(name);
  }

  /** Invokes the function, once what it was invoked with before has ended: an execution environment takes one invocation at a time. */
  invoke(event: unknown, stream?: (answer: Streamed) => void): Promise<Invoked> {
    const invoked = this.#turn.then(() => this.#invoke(event, stream));
    this.#turn = invoked.catch(() => {});
    return invoked;
  }

  async #invoke(event: unknown, stream: ((answer: Streamed) => void) | undefined): Promise<Invoked> {
    await this.#start();
    const timeoutMs = this.#options.timeoutMs ?? functions[this.#name].timeoutS * 1_000;
    const invoked = this.#api.invoke(event, timeoutMs, stream);
    const timer = setTimeout(() => {
      this.#child?.kill('SIGKILL');
      this.#api.end({ kind: 'timed out' });
    }, timeoutMs);
    try {
      return await invoked;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The answer's payload. Throws where there is none, with the log. */
  async answer<T>(event: unknown): Promise<T> {
    const invoked = await this.invoke(event);
    if (invoked.kind === 'answered') return invoked.payload as T;
    throw new Error(`${this.#name}: ${JSON.stringify(invoked)}\n${this.lines.slice(-20).join('\n')}`);
  }

  /** Lines that are JSON objects: log lines and metrics. */
  get json(): Record<string, unknown>[] {
    return this.lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, unknown>];
      } catch {
        return [];
      }
    });
  }

  /** Kills the process as a crash of the machine would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGKILL');
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    if (this.#address) await this.#api.close();
  }

  async #start(): Promise<void> {
    this.#address ??= await this.#api.listen();
    if (this.#child && this.#child.exitCode === null && this.#child.signalCode === null) return;
    const folder = join(this.#options.folder ?? bundlesFolder, this.#name);
    if (!existsSync(join(folder, 'index.mjs'))) throw new Error(`${folder} has no bundle: npm run bundle`);
    this.starts++;
    const child = spawn(process.execPath, [ric ?? join(import.meta.dirname, 'bootstrap.mjs'), 'index.handler'], {
      cwd: folder,
      env: { PATH: process.env.PATH, ...lambdaEnvironment(this.#name, folder, this.#address), ...this.#options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) collect(stream, this.lines);
    child.once('exit', (code) => {
      if (this.#child === child) this.#api.end({ kind: 'crashed', code });
    });
  }
}

/** https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime */
const lambdaEnvironment = (name: FunctionName, folder: string, address: string) => ({
  AWS_LAMBDA_RUNTIME_API: address,
  LAMBDA_TASK_ROOT: folder,
  _HANDLER: 'index.handler',
  AWS_LAMBDA_FUNCTION_NAME: name,
  AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(functions[name].memoryMb),
  AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
  AWS_LAMBDA_LOG_STREAM_NAME: '2026/11/21/[$LATEST]0',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
  AWS_REGION: 'us-east-1',
  TZ: ':UTC',
});

function collect(stream: NodeJS.ReadableStream, into: string[]): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    into.push(...lines);
  });
}
