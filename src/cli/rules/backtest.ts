import { type Client, refusal } from '../client.ts';
import { FailedError, type Run, text, UsageError } from '../command.ts';
import { number } from '../style.ts';
import { showBacktest } from './show-backtest.ts';
import type { Backtest } from './types.ts';

type Line = { progress?: number; windows?: number; transitions?: number; result?: Backtest; problem?: { detail: string } };

const barWidth = 30;

/** Tries a rule on stored data, with a bar on the terminal while it runs. `unsaved` is a rule's text. */
export async function backtest(run: Run, client: Client, name: string, unsaved: unknown): Promise<void> {
  const { io, values } = run;
  const given = text(values, 'against');
  const against = given === undefined ? undefined : Number(given);
  if (against !== undefined && !(Number.isInteger(against) && against > 0))
    throw new UsageError(`--against ${given}: give the number of a version`);
  const body = {
    from: text(values, 'from') ?? '-24h',
    ...(text(values, 'to') === undefined ? {} : { to: text(values, 'to') }),
    ...(unsaved === undefined ? {} : { rule: unsaved }),
    ...(against === undefined ? {} : { against }),
  };
  const response = await client.send('POST', `/api/alerts/rules/${encodeURIComponent(name)}/backtest`, {
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', accept: 'application/x-ndjson' },
    timeoutMs: Number.POSITIVE_INFINITY,
  });
  if (!response.ok || !response.body) throw await refusal(response);
  const result = await follow(run, response.body);
  if (values.json) io.out(`${JSON.stringify(result)}\n`);
  else showBacktest(run, name, result);
}

async function follow({ io, style }: Run, body: ReadableStream<Uint8Array>): Promise<Backtest> {
  let rest = '';
  for await (const chunk of body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>)) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const { progress, windows = 0, transitions = 0, result, problem } = JSON.parse(line) as Line;
      if (progress !== undefined && io.errIsTerminal) {
        const full = Math.round(progress * barWidth);
        const bar = `${style.green('━'.repeat(full))}${style.dim('━'.repeat(barWidth - full))}`;
        io.err(`\r\u001b[K${bar} ${Math.floor(progress * 100)} %  ${number(windows)} windows  ${number(transitions)} transitions`);
      }
      if (!result && !problem) continue;
      if (io.errIsTerminal) io.err('\r\u001b[K');
      if (problem) throw new FailedError(problem.detail);
      return result!;
    }
  }
  throw new FailedError('the server closed the connection before the backtest was done');
}
