import { Client } from '../client.ts';
import { type Command, FailedError, jsonOption, serverOptions, UsageError } from '../command.ts';
import { harmless, table } from '../style.ts';

type Channel = { name: string; source: string; config: { kind: string } };
type Tested = { delivered: boolean; took_ms: number; detail: string | null };

export const channels: Command = {
  usage: '[list] | test NAME',
  options: { ...serverOptions, ...jsonOption },
  examples: ['logdrive channels', 'logdrive channels test ops-slack'],
  async run({ io, values, positionals, style }) {
    const [action = 'list', name, ...rest] = positionals;
    const client = new Client(io, values);
    if (action === 'list' && name === undefined) {
      const found = await client.call<{ items: Channel[] }>('GET', '/api/alerts/channels');
      const rows = found.items.map((channel) => [
        channel.name,
        channel.config.kind,
        channel.source === 'config' ? 'logdrive.yaml or default' : 'API',
      ]);
      io.out(values.json ? `${JSON.stringify(found)}\n` : `${table(['channel', 'kind', 'from'], rows, style)}\n`);
    } else if (action === 'test' && name !== undefined && rest.length === 0) {
      const tested = await client.call<Tested>('POST', `/api/alerts/channels/${encodeURIComponent(name)}/test`);
      if (values.json) io.out(`${JSON.stringify(tested)}\n`);
      else if (tested.delivered) io.out(`${harmless(name)} has taken it (${tested.took_ms} ms)\n`);
      if (!tested.delivered) throw new FailedError(`${name} has not taken it: ${harmless(tested.detail ?? '')}`);
    } else throw new UsageError(`give one of: ${channels.usage}`);
  },
};
