import { randomBytes } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { systemClock } from '../../src/core/clock.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import { createListener } from '../../src/http/listener.ts';
import { createHttpServer } from '../../src/http/server.ts';
import { printReceipt, readReceipt } from '../../src/pipeline/accept/receipt-token.ts';
import { defaultLimits } from '../../src/pipeline/accept/types.ts';
import { openCloud } from '../cloud/open-cloud.ts';
import type { Host } from './serve-array.ts';

/** Serves the platform of two sinks on a free loopback port: a consumer for each sink and partition, stores in memory. */
export async function serveCloud(): Promise<Host> {
  const cloud = await openCloud();
  const receiptKey = randomBytes(32);
  const listener = createListener(cloud.platform, {
    log: silentLog,
    metrics: cloud.metrics,
    clock: systemClock,
    version: '0.0.0-cloud',
    cursorKey: randomBytes(32),
    receipts: { print: (receipt) => printReceipt(receiptKey, receipt), read: (token) => readReceipt(receiptKey, token) },
  });
  const server = createHttpServer(listener, { maxBodyBytes: defaultLimits.sentBytes });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
      await cloud.close();
    },
  };
}
