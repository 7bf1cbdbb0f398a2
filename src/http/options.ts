import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/ports/log.ts';
import type { Receipt } from '../core/receipt.ts';
import type { PlatformMetrics } from '../pipeline/platform-metrics.ts';

/** What remains of a caller's rate, for the `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers). */
export type RateStatus = { policy: string; quota: number; windowS: number; remaining: number; resetS: number };

/** What the routes need besides the platform. */
export type HttpOptions = {
  log: Log;
  metrics: PlatformMetrics;
  clock: Clock;
  /** The product's version, for `/health` and `openapi.json`. */
  version: string;
  /** Signs cursors; 32 random bytes that survive a restart, so that cursors do. */
  cursorKey: Uint8Array;
  /** Spells and reads receipts; `read` throws AppError NOT_FOUND for a token that was never given out. */
  receipts: { print(receipt: Receipt): string; read(token: string): Receipt };
  /** The rate left to a key; undefined where no limit is set. */
  rate?: (tenant: string, keyId: string) => RateStatus | undefined;
  /** Aborted when the host begins to stop: tails end, `/ready` says so. */
  stopping?: AbortSignal;
  /** Requests slower than this are logged at info. @default 1000 */
  slowMs?: number;
  /** Largest body of a call that is no ingest. @default 1 MiB */
  maxJsonBytes?: number;
  /** Largest message of an RPC, decompressed. @default 10 MiB */
  maxRpcBytes?: number;
  /** Live tails at once. @default 100 */
  maxTails?: number;
  /** Exports under way at once. @default 4 */
  maxExports?: number;
  /** Silence on a live tail after which a heartbeat is sent. @default 15,000 */
  heartbeatMs?: number;
};
