import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import type { FunctionManifest } from '../../../lambdas/function-manifest.ts';
import { stderrLog } from '../../adapters/log/stderr.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import type { Log, LogLevel } from '../../core/ports/log.ts';
import { type PlatformMetrics, platformMetrics } from '../../pipeline/platform-metrics.ts';
import { EmfMetrics } from './emf-metrics.ts';
import { readEnvironment } from './read-environment.ts';

/** One invocation as the work in it sees it. */
export type Invocation = {
  log: Log;
  /** Until when work may take, by `clock.monotonicMs()`: a margin is left for the answer, so that nothing is cut off by Lambda. */
  deadlineMs: number;
};

/** What every function has, made once for an execution environment. */
export type FunctionRuntime<Env> = {
  name: string;
  env: Env;
  clock: Clock;
  log: Log;
  registry: EmfMetrics;
  metrics: PlatformMetrics;
  /** Runs one invocation: its log lines carry Lambda's request id, its metrics are written at its end, also where it throws. */
  run<T>(context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>, work: (invocation: Invocation) => Promise<T>): Promise<T>;
};

const marginMs = 2_000;

/** Starts a function: reads its environment and opens its log and its metrics, both lines on standard output. @throws AppError INVALID_CONFIG */
export function startFunction<Env extends z.ZodObject>(manifest: FunctionManifest<Env>): FunctionRuntime<z.output<Env>> {
  const env = readEnvironment(manifest);
  const clock = systemClock;
  const write = (line: string) => void process.stdout.write(line);
  const { LOGDRIVE_STAGE, LOGDRIVE_LOG_LEVEL } = env as unknown as { LOGDRIVE_STAGE: string; LOGDRIVE_LOG_LEVEL: LogLevel };
  const log = stderrLog({ level: LOGDRIVE_LOG_LEVEL, format: 'json', clock, write }).with({ function: manifest.name });
  const registry = new EmfMetrics({ dimensions: { stage: LOGDRIVE_STAGE, function: manifest.name }, clock, write });
  return {
    name: manifest.name,
    env,
    clock,
    log,
    registry,
    metrics: platformMetrics(registry),
    async run(context, work) {
      const leftMs = context.getRemainingTimeInMillis();
      const deadlineMs = clock.monotonicMs() + leftMs - Math.min(marginMs, leftMs / 10);
      try {
        return await work({ log: log.with({ request_id: context.awsRequestId }), deadlineMs });
      } finally {
        registry.flush();
      }
    },
  };
}

/** Makes a value with the first call; one that failed is made again with the next. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
}
