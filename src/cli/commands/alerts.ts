import { Client } from '../client.ts';
import { type Command, jsonOption, type Run, serverOptions, text, UsageError, whole } from '../command.ts';
import { harmless, table } from '../style.ts';

type Alert = { id: string; rule: string; state: string; labels: Record<string, string>; value: number | null; since: string };
type Group = { id: string; receiver: string; told_at: string | null; acknowledged: { by: string } | null; alerts: { id: string }[] };
type Delivery = {
  id: string;
  state: string;
  channel: string;
  kind: string;
  status: string;
  created_at: string;
  attempts: number;
  error: string | null;
  alerts: { labels: Record<string, string> }[];
};
type Explanation = {
  told: boolean;
  routes: { route: string; receiver: string; channels: string[]; muted_by_time: boolean }[];
  silences: { id: string; comment: string }[];
  inhibited_by: { labels: Record<string, string> } | null;
};

export const alerts: Command = {
  usage: '[list] | deliveries | ack ID | redrive ID | explain NAME=VALUE…',
  options: {
    ...serverOptions,
    by: { type: 'string', value: 'WHO', help: 'ack: who does [the key]' },
    comment: { type: 'string', value: 'TEXT', help: 'ack: why' },
    state: { type: 'string', value: 'STATE', help: 'list: firing, pending, resolved, unknown [firing]; deliveries: pending, sent, dead' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'rows at most [100]' },
    ...jsonOption,
  },
  examples: [
    'logdrive alerts',
    'logdrive alerts ack 6f1c2a90b7de4410-1764000000000000 --by anna',
    'logdrive alerts explain alertname=high-error-rate severity=page',
  ],
  async run(run) {
    const [action = 'list', ...rest] = run.positionals;
    const client = new Client(run.io, run.values);
    if (action === 'list') await listAlerts(run, client);
    else if (action === 'deliveries') await deliveries(run, client);
    else if (action === 'ack' && rest.length === 1) await acknowledge(run, client, rest[0]!);
    else if (action === 'redrive' && rest.length === 1) await redrive(run, client, rest[0]!);
    else if (action === 'explain' && rest.length > 0) await explain(run, client, rest);
    else throw new UsageError(`give one of: ${alerts.usage}`);
  },
};

const labelsText = ({ alertname: _, ...labels }: Record<string, string>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');

async function listAlerts({ io, values, style }: Run, client: Client): Promise<void> {
  const query = { state: text(values, 'state') ?? 'firing', limit: whole(values, 'limit', 100) };
  const found = await client.call<{ items: Alert[] }>('GET', '/api/alerts', { query });
  if (values.json) return io.out(`${JSON.stringify(found)}\n`);
  if (found.items.length === 0) return io.out(`nothing is ${query.state}\n`);
  const { items: groups } = await client.call<{ items: Group[] }>('GET', '/api/alerts/groups');
  const toldOf = (id: string): string => {
    const of = groups.filter((group) => group.alerts.some((alert) => alert.id === id));
    const acknowledged = of.find((group) => group.acknowledged);
    return acknowledged
      ? `acknowledged by ${acknowledged.acknowledged!.by}`
      : of.some(({ told_at }) => told_at)
        ? of.map(({ receiver }) => receiver).join(', ')
        : 'nobody yet';
  };
  const rows = found.items.map(({ id, rule, state, labels, value, since }) => [
    state,
    rule,
    labelsText(labels),
    String(value ?? ''),
    since,
    toldOf(id),
    id,
  ]);
  io.out(`${table(['state', 'rule', 'labels', 'value', 'since', 'told', 'id'], rows, style)}\n`);
}

async function deliveries({ io, values, style }: Run, client: Client): Promise<void> {
  const query = { state: text(values, 'state'), limit: whole(values, 'limit', 100) };
  const found = await client.call<{ items: Delivery[] }>('GET', '/api/alerts/deliveries', { query });
  if (values.json) return io.out(`${JSON.stringify(found)}\n`);
  if (found.items.length === 0) return io.out('no deliveries\n');
  const what = ({ alerts: of }: Delivery) => [...new Set(of.map(({ labels }) => labels.alertname ?? ''))].join(', ');
  const rows = found.items.map((one) => [
    one.created_at,
    one.state,
    one.channel,
    `${one.status}${one.kind === 'change' ? '' : ` (${one.kind})`}`,
    what(one),
    one.attempts,
    one.error ?? '',
    one.id,
  ]);
  io.out(`${table(['at', 'state', 'channel', 'what', 'rules', 'attempts', 'error', 'id'], rows, style)}\n`);
}

async function acknowledge({ io, values }: Run, client: Client, id: string): Promise<void> {
  const by = text(values, 'by');
  const json = { ...(by === undefined ? {} : { by }), comment: text(values, 'comment') ?? '' };
  const { items } = await client.call<{ items: Group[] }>('POST', `/api/alerts/${encodeURIComponent(id)}/ack`, { json });
  if (values.json) io.out(`${JSON.stringify({ items })}\n`);
  else
    io.out(
      `${items.map((group) => `${group.alerts.length} alerts of ${group.receiver}: acknowledged by ${harmless(group.acknowledged?.by ?? '')}`).join('\n')}\n`,
    );
}

async function redrive({ io, values }: Run, client: Client, id: string): Promise<void> {
  const delivery = await client.call<Delivery>('POST', `/api/alerts/deliveries/${encodeURIComponent(id)}/redrive`);
  io.out(values.json ? `${JSON.stringify(delivery)}\n` : 'on its way again\n');
}

async function explain({ io, values }: Run, client: Client, pairs: string[]): Promise<void> {
  const labels = Object.fromEntries(
    pairs.map((pair) => {
      const [name = '', ...value] = pair.split('=');
      if (name === '' || value.length === 0) throw new UsageError(`${pair}: give labels as NAME=VALUE`);
      return [name, value.join('=')];
    }),
  );
  const answer = await client.call<Explanation>('POST', '/api/alerts/routing/explain', { json: { labels } });
  if (values.json) return io.out(`${JSON.stringify(answer)}\n`);
  for (const { route, receiver, channels, muted_by_time } of answer.routes)
    io.out(
      `${harmless(route)} -> ${harmless(receiver)} (${channels.map(harmless).join(', ')})${muted_by_time ? ', muted at this time' : ''}\n`,
    );
  for (const { id, comment } of answer.silences) io.out(`silenced by ${id}: ${harmless(comment)}\n`);
  if (answer.inhibited_by) io.out(`inhibited by ${harmless(labelsText(answer.inhibited_by.labels))}\n`);
  io.out(answer.told ? 'it would be told\n' : 'nobody would be told\n');
}
