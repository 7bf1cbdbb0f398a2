import { text as readText } from 'node:stream/consumers';
import { Client } from '../client.ts';
import { type Command, jsonOption, serverOptions, UsageError } from '../command.ts';
import { harmless } from '../style.ts';

type Explained = {
  record: Record<string, unknown>;
  steps: { verb: string; name: string; change: Record<string, unknown> }[];
  outcome: string;
  reason?: string;
};

export const explain: Command = {
  usage: "['RECORD' | --query 'QUERY']",
  about: 'A record is JSON or a line of text, as argument or on standard input. Nothing is stored.',
  options: {
    ...serverOptions,
    query: { type: 'string', short: 'q', value: 'QUERY', help: 'explain a query in place of a record' },
    ...jsonOption,
  },
  examples: [
    'logdrive explain \'{"message":"level=error password=x"}\'',
    'tail -n 1 access.log | logdrive explain',
    "logdrive explain --query 'level:error last:24h'",
  ],
  async run({ io, values, positionals, style }) {
    const client = new Client(io, values);
    const query = values.query;
    if (typeof query === 'string') {
      const plan = await client.call('POST', '/api/explain', { body: query, headers: { 'content-type': 'text/plain' } });
      io.out(`${JSON.stringify(plan, null, 2)}\n`);
      return;
    }
    if (positionals.length === 0 && io.stdin.isTTY) throw new UsageError('give a record, or pipe one in');
    const given = positionals.length > 0 ? positionals.join(' ') : (await readText(io.stdin)).replace(/\r?\n$/, '');
    const explained = await client.call<Explained>('POST', '/api/explain?record', { json: recordOf(given) });
    if (values.json) {
      io.out(`${JSON.stringify(explained)}\n`);
      return;
    }
    for (const { verb, name, change } of explained.steps) {
      io.out(`${style.bold(verb)} ${style.cyan(name)}\n`);
      for (const [field, value] of Object.entries(change)) io.out(`  ${field} = ${harmless(JSON.stringify(value) ?? 'nothing')}\n`);
    }
    const outcome =
      explained.outcome === 'keep'
        ? style.green('it is kept')
        : style.yellow(`it is ${explained.outcome === 'drop' ? 'dropped' : 'dead'}${explained.reason ? `: ${explained.reason}` : ''}`);
    io.out(`${outcome}\n${harmless(JSON.stringify(explained.record, null, 2))}\n`);
  },
};

/** A JSON object as it is, anything else as a message. */
function recordOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    if (value !== null && typeof value === 'object' && !Array.isArray(value)) return value;
  } catch {}
  return { message: text };
}
