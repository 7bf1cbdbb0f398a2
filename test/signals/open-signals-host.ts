import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHost } from '../../src/compose/embedded/host.ts';
import { settingsOfConfig } from '../../src/compose/embedded/settings-of-config.ts';
import { loadConfig } from '../../src/config/load-config.ts';

export type SignalsHost = Awaited<ReturnType<typeof openSignalsHost>>;

/** A whole host in a folder of its own, on any free port. `settings` are pairs as `--set` takes them. */
export async function openSignalsHost(...settings: string[]) {
  const dataDir = await mkdtemp(join(tmpdir(), 'logdrive-signals-'));
  const pairs = ['log.level=error', 'canary.enabled=false', ...settings].flatMap((pair) => ['--set', pair]);
  const config = loadConfig({ cwd: dataDir, argv: ['--port', '0', '--data-dir', dataDir, ...pairs] });
  const host = await startHost(settingsOfConfig(config, 'test'));
  const answer = async (response: Response) => ({ status: response.status, body: (await response.json()) as never });
  return {
    url: host.url,
    platform: host.platform,
    get: async <T>(path: string): Promise<T> => (await answer(await fetch(host.url + path))).body,
    post: async (path: string, body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
      answer(await fetch(host.url + path, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })),
    async close() {
      await host.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
