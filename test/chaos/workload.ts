/** One request: the records `[from, to)`, under a key of its own. `isResend` where the same records were sent under another key before. */
export type Batch = { key: string; from: number; to: number; hasIds: boolean; isResend: boolean };

const dayMs = 24 * 3600 * 1000;
/** Dropped by the rule in {@link configOf}. */
export const isNoise = (n: number): boolean => n % 50 === 7;

/** Record `n`, the same whenever it is asked for: its number, perhaps an id of its own, mostly of today, sometimes 40 days late. */
function recordOf(n: number, hasIds: boolean, startMs: number): string {
  const lateMs = n % 97 === 5 ? 40 * dayMs : n % 31 === 3 ? dayMs : 0;
  return JSON.stringify({
    ...(hasIds ? { id: `own-${n}` } : {}),
    timestamp: new Date(startMs + Math.floor(n / 10) - lateMs).toISOString(),
    level: n % 13 === 0 ? 'error' : 'info',
    service: isNoise(n) ? 'noise' : `service-${n % 7}`,
    message: `record ${n} took ${n % 900} ms for user ${n % 5_000}`,
    n,
  });
}

/** The body of a batch, NDJSON. */
export function bodyOf({ from, to, hasIds }: Batch, startMs: number): string {
  let body = '';
  for (let n = from; n < to; n++) body += `${recordOf(n, hasIds, startMs)}\n`;
  return body;
}

export type HostOptions = { port: number; dataDir: string; partitions: number; sealAfterMs: number };

/** The `logdrive.yaml` of a host that seals, commits and compacts all the time. JSON is YAML. */
export const configOf = ({ port, dataDir, partitions, sealAfterMs }: HostOptions): string =>
  JSON.stringify({
    server: { port },
    dataDir,
    log: { level: 'warn' },
    queue: { partitions, segmentBytes: 4 << 20, keepBytes: 1 << 20 },
    seal: { after: sealAfterMs },
    canary: { enabled: false },
    process: { parse: 'off', steps: [{ use: 'drop', when: { field: 'service', equals: 'noise' } }] },
  });
