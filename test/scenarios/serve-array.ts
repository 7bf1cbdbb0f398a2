import { randomBytes } from 'node:crypto';
import type { ServerOptions } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { createListener } from '../../src/http/listener.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { printReceipt, readReceipt } from '../../src/pipeline/accept/receipt-token.ts';
import { defaultLimits } from '../../src/pipeline/accept/types.ts';
import { type ArrayPlatform, arrayPlatform } from './array-platform.ts';

/** A host that scenarios drive: where it listens and how it is ended. */
export type Host = { address: string; stop(): Promise<void> };

/** Options as a host gives them. */
export function arrayOptions(platform: ArrayPlatform): HttpOptions {
  const receiptKey = randomBytes(32);
  return {
    log: silentLog,
    metrics: platform.metricsOf,
    clock: systemClock,
    version: '0.0.0-array',
    cursorKey: randomBytes(32),
    receipts: { print: (receipt) => printReceipt(receiptKey, receipt), read: (token) => readReceipt(receiptKey, token) },
  };
}

/** Serves an array platform on a free loopback port. */
export async function serveArray(
  change: Partial<HttpOptions> = {},
  timeouts: ServerOptions = {},
): Promise<Host & { platform: ArrayPlatform; close(): Promise<void> }> {
  const platform = arrayPlatform();
  const listener = createListener(platform, { ...arrayOptions(platform), ...change });
  const server = createHttpServer(listener, { maxBodyBytes: defaultLimits.sentBytes, server: timeouts });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    platform,
    address: `http://127.0.0.1:${port}`,
    /** Ends as a host does that has time: what is under way is answered. */
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
      }),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
