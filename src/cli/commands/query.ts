import { Client, type Query } from '../client.ts';
import { type Command, type Run, serverOptions, text, UsageError, whole } from '../command.ts';
import { filterOptions, filterQuery } from '../filters.ts';
import { groupQuery } from '../group-query.ts';
import { type ShownRecord, showRecord } from '../show-record.ts';
import { number, table } from '../style.ts';

type Page = { items: ShownRecord[]; next_cursor: string | null; took_ms: number; partial: boolean };
type Answer = {
  items: Record<string, unknown>[];
  columns?: { name: string }[];
  next_cursor: string | null;
  took_ms: number;
  approximate?: string[];
};

const maxPage = 10_000;

export const query: Command = {
  usage: "['QUERY']",
  about:
    'Newest first. Words are the query language, with "|" for what becomes of the records; or all of a query as JSON or EDN. --by and --stats count and group what the other options leave.',
  options: {
    ...serverOptions,
    ...filterOptions,
    last: { type: 'string', value: 'TIME', help: 'the last so long: 15m, 24h, 7d' },
    from: { type: 'string', value: 'TIME', help: 'at this time or later, RFC 3339 or epoch' },
    to: { type: 'string', value: 'TIME', help: 'before this time' },
    limit: { type: 'string', short: 'n', value: 'N', help: 'records or groups at most [100, 1000]' },
    order: { type: 'string', value: 'ORDER', help: 'desc (newest first) or asc [desc]' },
    all: { type: 'boolean', short: 'a', help: 'every record that matches, page by page' },
    by: { type: 'string', value: 'LIST', help: 'group by these fields; 5m is time in steps of five minutes' },
    stats: { type: 'string', value: 'LIST', help: 'of each group: count, sum, avg, min, max, distinct, p50 to p99, as p95:FIELD [count]' },
    wide: { type: 'boolean', short: 'w', help: 'show host, trace, id and attributes too' },
    json: { type: 'boolean', help: 'a line of JSON each' },
  },
  examples: [
    'logdrive query --level error --last 1h',
    'logdrive query \'level:error "timed out" -service:canary latency_ms>500\' --last 24h',
    "logdrive query 'level:error | count() as n, p95(latency_ms) by service | having n>10 | sort n desc' --last 24h",
    'logdrive query --by service,5m --stats count,p95:latency_ms --min-level warn --last 1h',
  ],
  async run(run) {
    const { positionals, values } = run;
    const order = text(values, 'order');
    if (order !== undefined && order !== 'asc' && order !== 'desc') throw new UsageError(`--order ${order}: give desc or asc`);
    const line = positionals.join(' ');
    const isGrouped = values.by !== undefined || values.stats !== undefined;
    if (isGrouped && line !== '') throw new UsageError('--by and --stats go with the filter options; give a query of words without them');
    if (isGrouped) await showRows(run, { json: groupQuery(values) });
    else if (line.startsWith('{:')) await showRows(run, { body: line, headers: { 'content-type': 'application/edn' } });
    else if (line.startsWith('{')) await showRows(run, { json: jsonOf(line) });
    else if (line.includes('|')) await showRows(run, { body: pipedLine(values, line), headers: { 'content-type': 'text/plain' } });
    else await showRecords(run);
  },
};

/** The line with the times and the limit of the options. @throws UsageError for options that a line says better */
function pipedLine(values: Run['values'], line: string): string {
  const other = ['order', ...Object.keys(filterOptions)].find((name) => values[name] !== undefined);
  if (other)
    throw new UsageError(
      `--${other} does not go with "|"; write it in the query: ${other === 'order' ? '| sort timestamp asc' : 'service:api'}`,
    );
  const times = Object.entries(timeOf(values)).flatMap(([name, time]) => (time === undefined ? [] : [`${name}:${time}`]));
  const limit = values.limit === undefined ? '' : ` | limit ${whole(values, 'limit', 100)}`;
  return `${[...times, line].join(' ')}${limit}`;
}

function jsonOf(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (thrown) {
    throw new UsageError(`the query is no JSON: ${(thrown as Error).message}`);
  }
}

async function showRecords({ io, values, positionals, style }: Run): Promise<void> {
  const client = new Client(io, values);
  let left = values.all ? Number.POSITIVE_INFINITY : whole(values, 'limit', 100);
  let cursor: string | null = null;
  let shown = 0;
  let tookMs = 0;
  const isJson = values.json === true;
  do {
    const page: Page = await client.call<Page>('GET', '/api/logs', {
      asked: positionals.join(' '),
      query: {
        ...filterQuery(values, positionals),
        ...(timeOf(values) as Query),
        order: text(values, 'order'),
        limit: Math.min(left, maxPage),
        cursor: cursor ?? undefined,
      },
    });
    for (const record of page.items) io.out(`${isJson ? JSON.stringify(record) : showRecord(record, style, values.wide === true)}\n`);
    await io.drained();
    shown += page.items.length;
    left -= page.items.length;
    tookMs += page.took_ms;
    cursor = page.items.length === 0 ? null : page.next_cursor;
  } while (cursor !== null && left > 0);
  if (isJson) return;
  const more = cursor === null ? '' : '; there are more, raise --limit';
  io.err(`${style.dim(shown === 0 ? 'nothing found' : `${number(shown)} records, ${tookMs.toFixed(1)} ms${more}`)}\n`);
}

type Asked = { json: unknown } | { body: string; headers: Record<string, string> };

async function showRows({ io, values, style }: Run, asked: Asked): Promise<void> {
  const answer = await new Client(io, values).call<Answer>('POST', '/api/query', {
    ...asked,
    asked: 'body' in asked ? asked.body : undefined,
  });
  if (values.json) {
    for (const row of answer.items) io.out(`${JSON.stringify(row)}\n`);
    return;
  }
  const columns = answer.columns?.map(({ name }) => name) ?? Object.keys(answer.items[0] ?? {});
  const cell = (value: unknown) => (typeof value === 'number' ? value : value === null || value === undefined ? '' : String(value));
  if (answer.items.length > 0)
    io.out(
      `${table(
        columns,
        answer.items.map((row) => columns.map((name) => cell(row[name]))),
        style,
      )}\n`,
    );
  io.err(
    `${style.dim(`${number(answer.items.length)} rows, ${answer.took_ms.toFixed(1)} ms${answer.approximate?.length ? `; approximate: ${answer.approximate.join(', ')}` : ''}`)}\n`,
  );
}

const timeOf = (values: Run['values']): Query => ({ last: text(values, 'last'), from: text(values, 'from'), to: text(values, 'to') });
