// The host's front alone: HTTP, accept and the segment queue of the real modules, and no stores behind them: node bench/ingest-server.ts PORT FOLDER
import { randomBytes } from 'node:crypto';
import { nodeFileSystem } from '../src/adapters/file-system/node.ts';
import { stderrLog } from '../src/adapters/log/stderr.ts';
import { openSegmentQueue } from '../src/adapters/queue/segment/segment-queue.ts';
import { systemClock as clock } from '../src/core/clock.ts';
import { createListener } from '../src/http/listener.ts';
import { createHttpServer } from '../src/http/server.ts';
import { createAccept } from '../src/pipeline/accept/accept.ts';
import { defaultMaskSettings } from '../src/pipeline/accept/mask.ts';
import { receiptTokens } from '../src/pipeline/accept/receipt-token.ts';
import { defaultLimits } from '../src/pipeline/accept/types.ts';
import { Metrics } from '../src/pipeline/metrics.ts';
import type { Platform } from '../src/pipeline/platform.ts';
import { platformMetrics } from '../src/pipeline/platform-metrics.ts';

const [port, folder] = process.argv.slice(2);
const metrics = platformMetrics(new Metrics());
const queue = await openSegmentQueue({ folder: `${folder}/segments`, files: nodeFileSystem, clock, generation: 1 });
const accept = createAccept({
  queue,
  clock,
  limits: () => defaultLimits,
  maskSettings: () => defaultMaskSettings,
  rulesVersion: () => 1,
  hmac: () => new Uint8Array(32),
  metrics,
});
const platform: Pick<Platform, 'open' | 'accept'> = { open: async () => true, accept };
const listener = createListener(platform as Platform, {
  log: stderrLog({ level: 'warn' }),
  metrics,
  clock,
  version: 'bench',
  cursorKey: randomBytes(32),
  receipts: receiptTokens(randomBytes(32)),
});
createHttpServer(listener, { maxBodyBytes: defaultLimits.sentBytes }).listen(Number(port), '127.0.0.1', () =>
  process.stderr.write('ready\n'),
);
