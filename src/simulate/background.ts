import type { Random } from './random.ts';
import type { Emit } from './request.ts';
import { pythonTrace } from './traces.ts';

type Background = { weight: number; emit: (random: Random, emit: Emit) => void };

const plain = { trace_id: undefined, span_id: undefined };

/** What services log by themselves, without a request: jobs, checkpoints, garbage collection, probes. */
const kinds: Background[] = [
  {
    weight: 5,
    emit: (random, emit) => {
      const job = `job-${random.hex(8)}`;
      const kind = random.pick(['thumbnails', 'invoices', 'exports']);
      const worker = { service: 'worker', host: `worker-${random.integer(1, 3)}`, ...plain, trace_id: random.hex(32) };
      const tookMs = random.latency(400, 0.8);
      emit(0, { ...worker, level: 'info', message: `job=${job} kind=${kind} state=started attempt=1`, attributes: { job, kind } });
      if (random.chance(0.04)) {
        const error = random.pick(['requests.exceptions.ReadTimeout: read timed out', "KeyError: 'url'", 'MemoryError']);
        emit(tookMs, {
          ...worker,
          level: 'error',
          message: `job ${job} failed\n${pythonTrace(random, error)}`,
          attributes: { job, kind, took_ms: Math.round(tookMs) },
        });
      } else
        emit(tookMs, {
          ...worker,
          level: 'info',
          message: `job=${job} kind=${kind} state=done took=${Math.round(tookMs)}ms`,
          attributes: { job, kind, took_ms: Math.round(tookMs) },
        });
    },
  },
  {
    weight: 2,
    emit: (random, emit) => {
      const buffers = random.integer(20, 4_000);
      emit(0, {
        service: 'db',
        host: 'db-1',
        ...plain,
        level: 'info',
        message: `checkpoint complete: wrote ${buffers} buffers (${(buffers / 163.84).toFixed(1)}%); write=${(random.unit() * 30).toFixed(3)} s, sync=0.00${random.integer(1, 9)} s`,
        attributes: { buffers },
      });
    },
  },
  {
    weight: 4,
    emit: (random, emit) => {
      const pauseMs = random.latency(9);
      emit(0, {
        service: 'payments',
        host: `payments-${random.integer(1, 2)}`,
        ...plain,
        level: pauseMs > 40 ? 'warn' : 'debug',
        message: `GC(${random.integer(100, 9_999)}) Pause Young (Normal) (G1 Evacuation Pause) ${random.integer(200, 900)}M->${random.integer(40, 190)}M(1024M) ${pauseMs.toFixed(3)}ms`,
        attributes: { pause_ms: Math.round(pauseMs * 1000) / 1000 },
      });
    },
  },
  {
    weight: 6,
    emit: (random, emit) =>
      emit(0, {
        service: 'web',
        host: `web-${random.integer(1, 3)}`,
        ...plain,
        level: 'debug',
        message: 'GET /health 200',
        attributes: { status: 200, probe: true },
      }),
  },
  {
    weight: 1,
    emit: (random, emit) => {
      const free = random.integer(2, 18);
      emit(0, {
        service: 'db',
        host: `db-${random.integer(1, 2)}`,
        ...plain,
        level: free < 5 ? 'fatal' : 'warn',
        message: `disk /var/lib/postgresql has ${free} % free`,
        attributes: { free_percent: free },
      });
    },
  },
];
const weighted = kinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

export const simulateBackground = (random: Random, emit: Emit): void => random.pick(weighted).emit(random, emit);
