import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LoadResult } from './load.ts';
import { ServerProcess } from './server-process.ts';

const insert = '/insert/jsonline?_time_field=timestamp&_msg_field=message&_stream_fields=service,host';

/** VictoriaLogs (github.com/VictoriaMetrics/VictoriaLogs) as a server that is measured, on the same core and with the same load. */
export async function startVictoriaLogs(program: string) {
  const args = (port: number, folder: string) => [
    `-storageDataPath=${join(folder, 'data')}`,
    `-httpListenAddr=127.0.0.1:${port}`,
    ...['-retentionPeriod=100y', '-futureRetention=10y', '-loggerLevel=INFO'],
  ];
  const server = await ServerProcess.start(program, args, undefined, 'started VictoriaLogs');
  const countOf = async () => {
    const query = encodeURIComponent('* | stats count() n');
    const text = await (await fetch(`http://127.0.0.1:${server.port}/select/logsql/query?query=${query}`)).text();
    return text === '' ? 0 : Number((JSON.parse(text) as { n: string }).n);
  };
  return {
    server,
    /** Sends the records; resolves when all of them are counted by a query. */
    async loaded(args: string[]): Promise<LoadResult> {
      const before = await countOf();
      const result = await server.load(['--path', insert, ...args]);
      while ((await countOf()) < before + result.accepted) await delay(100);
      return result;
    },
  };
}
