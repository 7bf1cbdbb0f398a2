import { Client } from '../client.ts';
import { type Command, jsonOption, type Run, serverOptions, text, UsageError } from '../command.ts';
import { table } from '../style.ts';

type Silence = { id: string; state: string; matchers: string[]; ends_at: string | null; created_by: string; comment: string };

export const silences: Command = {
  usage: '[list] | add MATCHER… | end ID',
  options: {
    ...serverOptions,
    for: { type: 'string', value: 'SPAN', help: 'add: how long [1h]' },
    comment: { type: 'string', short: 'm', value: 'TEXT', help: 'add: why' },
    by: { type: 'string', value: 'WHO', help: 'add: who does [the key]' },
    all: { type: 'boolean', help: 'list: those that have ended, too' },
    ...jsonOption,
  },
  examples: [
    'logdrive silences',
    `logdrive silences add service=api 'severity!="page"' --for 2h -m 'moving the database'`,
    'logdrive silences end 8c5a0f7e21d94b36',
  ],
  async run(run) {
    const [action = 'list', ...rest] = run.positionals;
    const client = new Client(run.io, run.values);
    if (action === 'list') await list(run, client);
    else if (action === 'add' && rest.length > 0) await add(run, client, rest);
    else if (action === 'end' && rest.length === 1) {
      const ended = await client.call<Silence>('DELETE', `/api/alerts/silences/${encodeURIComponent(rest[0]!)}`);
      run.io.out(run.values.json ? `${JSON.stringify(ended)}\n` : `silence ${ended.id} has ended\n`);
    } else throw new UsageError(`give one of: ${silences.usage}`);
  },
};

async function list({ io, values, style }: Run, client: Client): Promise<void> {
  const found = await client.call<{ items: Silence[] }>('GET', '/api/alerts/silences');
  const items = found.items.filter(({ state }) => values.all === true || state !== 'expired');
  if (values.json) return io.out(`${JSON.stringify({ ...found, items })}\n`);
  if (items.length === 0) return io.out('no silences\n');
  const rows = items.map(({ id, state, matchers, ends_at, created_by, comment }) => [
    state,
    matchers.join(', '),
    ends_at ?? 'never',
    created_by,
    comment,
    id,
  ]);
  io.out(`${table(['state', 'matchers', 'ends', 'by', 'comment', 'id'], rows, style)}\n`);
}

async function add({ io, values }: Run, client: Client, matchers: string[]): Promise<void> {
  const comment = text(values, 'comment');
  if (comment === undefined) throw new UsageError('say why, for the others: --comment TEXT');
  const by = text(values, 'by');
  const json = { matchers, comment, duration: text(values, 'for') ?? '1h', ...(by === undefined ? {} : { created_by: by }) };
  const made = await client.call<Silence>('POST', '/api/alerts/silences', { json });
  io.out(values.json ? `${JSON.stringify(made)}\n` : `silent until ${made.ends_at}: ${made.matchers.join(', ')} (${made.id})\n`);
}
