import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { AppError } from '../../src/core/errors.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { Receipt } from '../../src/core/receipt.ts';
import { createListener } from '../../src/http/listener.ts';
import type { HttpOptions } from '../../src/http/options.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { defaultLimits } from '../../src/pipeline/accept/types.ts';
import { type ArrayPlatform, arrayPlatform } from './array-platform.ts';

/** A host that scenarios drive: where it listens and how it is ended. */
export type Host = { address: string; stop(): Promise<void> };

/** Options as a host gives them; receipts are spelt without a signature, for a host that nobody else reaches. */
export function arrayOptions(platform: ArrayPlatform): HttpOptions {
  return {
    log: silentLog,
    metrics: platform.metricsOf,
    clock: systemClock,
    version: '0.0.0-array',
    cursorKey: randomBytes(32),
    receipts: { print: (receipt) => `r1.${Buffer.from(JSON.stringify(receipt)).toString('base64url')}`, read: readReceipt },
  };
}

function readReceipt(token: string): Receipt {
  try {
    return JSON.parse(Buffer.from(token.replace(/^r1\./, ''), 'base64url').toString()) as Receipt;
  } catch (cause) {
    throw new AppError('NOT_FOUND', 'there is no such receipt', { cause });
  }
}

/** Serves an array platform on a free loopback port. */
export async function serveArray(change: Partial<HttpOptions> = {}): Promise<Host & { platform: ArrayPlatform }> {
  const platform = arrayPlatform();
  const listener = createListener(platform, { ...arrayOptions(platform), ...change });
  const server = createHttpServer(listener, { maxBodyBytes: defaultLimits.sentBytes });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    platform,
    address: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
