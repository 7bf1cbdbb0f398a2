import { Client } from '../client.ts';
import { type Command, jsonOption, type Run, serverOptions, text, UsageError, whole } from '../command.ts';
import { harmless, number, table } from '../style.ts';

type Letter = {
  id: string;
  sink: string;
  code: string;
  detail: string;
  cause: string;
  attempts: number;
  last_at: string;
  state: string;
  body?: string;
};
type Letters = { items: Letter[]; next_cursor: string | null; groups: { cause: string; count: number; sample_id: string }[] };

export const dlq: Command = {
  usage: 'list | show ID | redrive (ID… | --cause CAUSE) | discard ID…',
  options: {
    ...serverOptions,
    cause: { type: 'string', value: 'CAUSE', help: 'only letters of this cause, as `list` names it' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'letters listed at most [100]' },
    'dry-run': { type: 'boolean', help: 'redrive: only count' },
    rate: { type: 'string', value: 'N', help: 'redrive: letters a second' },
    ...jsonOption,
  },
  examples: ['logdrive dlq list', 'logdrive dlq redrive --cause PROCESS_FAILED --dry-run', 'logdrive dlq discard 0100000000abc'],
  async run(run) {
    const [action, ...ids] = run.positionals;
    const client = new Client(run.io, run.values);
    if (action === 'list' || action === undefined) await list(run, client);
    else if (action === 'show' && ids.length === 1) await show(run, client, ids[0]!);
    else if (action === 'redrive') await redrive(run, client, ids);
    else if (action === 'discard' && ids.length > 0) await discard(run, client, ids);
    else throw new UsageError(`give one of: ${dlq.usage}`);
  },
};

async function list({ io, values, style }: Run, client: Client): Promise<void> {
  const limit = whole(values, 'limit', 100);
  const letters = await client.call<Letters>('GET', '/api/dlq', { query: { cause: text(values, 'cause'), limit: Math.min(limit, 1_000) } });
  if (values.json) {
    io.out(`${JSON.stringify(letters)}\n`);
    return;
  }
  if (letters.groups.length === 0) {
    io.out('no dead letters\n');
    return;
  }
  io.out(
    `${table(
      ['cause', 'letters', 'for example'],
      letters.groups.map(({ cause, count, sample_id }) => [cause, count, sample_id]),
      style,
    )}\n\n`,
  );
  io.out(
    `${table(
      ['id', 'store', 'state', 'attempts', 'last', 'what'],
      letters.items.map((l) => [l.id, l.sink, l.state, l.attempts, l.last_at, `${l.code}: ${l.detail}`.slice(0, 80)]),
      style,
    )}\n`,
  );
  if (letters.next_cursor) io.err(style.dim('there are more; raise --limit\n'));
}

async function show({ io, values, style }: Run, client: Client, id: string): Promise<void> {
  const letter = await client.call<Letter>('GET', `/api/dlq/${encodeURIComponent(id)}`);
  if (values.json) io.out(`${JSON.stringify(letter)}\n`);
  else {
    for (const [name, value] of Object.entries(letter)) {
      if (name !== 'body')
        io.out(`${style.dim(name.padEnd(12))} ${harmless(typeof value === 'object' ? JSON.stringify(value) : String(value))}\n`);
    }
    io.out(`\n${harmless(letter.body ?? '')}\n`);
  }
}

async function redrive({ io, values }: Run, client: Client, ids: string[]): Promise<void> {
  const cause = text(values, 'cause');
  if ((ids.length === 0) === (cause === undefined)) throw new UsageError('redrive takes either ids or --cause');
  const rate = text(values, 'rate') === undefined ? undefined : whole(values, 'rate', 1);
  const result = await client.call<{ matched: number; redriven: number; skipped: number }>('POST', '/api/dlq/redrive', {
    json: {
      ...(cause === undefined ? { ids } : { cause }),
      ...(values['dry-run'] ? { dry_run: true } : {}),
      ...(rate === undefined ? {} : { rate }),
    },
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  if (values.json) io.out(`${JSON.stringify(result)}\n`);
  else if (values['dry-run']) io.out(`${number(result.matched)} letters would be sent again\n`);
  else
    io.out(
      `${number(result.redriven)} of ${number(result.matched)} letters redriven${result.skipped > 0 ? `, ${number(result.skipped)} still cannot pass` : ''}\n`,
    );
}

async function discard({ io }: Run, client: Client, ids: string[]): Promise<void> {
  for (const id of ids) await client.call('DELETE', `/api/dlq/${encodeURIComponent(id)}`);
  io.out(`${number(ids.length)} discarded; the ledger keeps counting them as dead\n`);
}
