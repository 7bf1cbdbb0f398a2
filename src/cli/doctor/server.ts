import { type Client, RefusedError, UnreachableError } from '../client.ts';
import { number, span } from '../style.ts';
import type { Finding } from './finding.ts';

type Ready = { status: string; dependencies: { name: string; state: 'ok' | 'degraded' | 'down'; detail?: string }[] };
type Ledger = {
  accepted: number;
  hot: { in_flight: number; dead: number };
  warm: { in_flight: number; dead: number };
  oldest_in_flight_s: number | null;
  holes: unknown[];
};

const maxSkewS = 5;
const oldResidueS = 120;
const quickMs = 5_000;

export async function checkServer(client: Client): Promise<Finding> {
  try {
    const startMs = performance.now();
    const { version } = await client.call<{ version: string }>('GET', '/health', { timeoutMs: quickMs });
    return {
      name: 'server',
      state: 'ok',
      found: `${client.url} runs Logdrive ${version}, answers in ${Math.round(performance.now() - startMs)} ms`,
    };
  } catch (thrown) {
    if (thrown instanceof UnreachableError)
      return {
        name: 'server',
        state: 'bad',
        found: `no server answers at ${client.url}`,
        advice: 'start it with `npm start` or `logdrive up`, or give --url',
      };
    return {
      name: 'server',
      state: 'bad',
      found: `${client.url} is no Logdrive: ${(thrown as Error).message}`,
      advice: 'give its address with --url',
    };
  }
}

/** Every dependency that `/ready` names. */
export async function checkReady(client: Client): Promise<Finding[]> {
  const response = await client.send('GET', '/ready', { timeoutMs: quickMs });
  const { status, dependencies } = (await response.json()) as Ready;
  const faulty = dependencies.filter(({ state }) => state !== 'ok');
  if (status === 'ready' && faulty.length === 0)
    return [{ name: 'ready', state: 'ok', found: `all well: ${dependencies.map(({ name }) => name).join(', ')}` }];
  return faulty.map(({ name, state, detail = '' }) => ({
    ...{
      name: 'ready',
      state: state === 'down' ? ('bad' as const) : ('warn' as const),
      found: `${name} is ${state}${detail ? `: ${detail}` : ''}`,
    },
    advice: "the server's log says more; `logdrive ledger` shows what waits",
  }));
}

export async function checkKey(client: Client): Promise<Finding> {
  try {
    await client.call('GET', '/stats', { timeoutMs: quickMs });
    return { name: 'key', state: 'ok', found: 'may query' };
  } catch (thrown) {
    if (!(thrown instanceof RefusedError) || (thrown.status !== 401 && thrown.status !== 403)) throw thrown;
    const advice =
      thrown.status === 401
        ? 'give a key with --key or LOGDRIVE_KEY; make one with `logdrive keys create`'
        : 'the checks of the ledger need a key with the scope `query`';
    return { name: 'key', state: thrown.status === 401 ? 'bad' : 'warn', found: thrown.message, advice };
  }
}

/** This machine's clock against the server's, within what the `Date` header tells (a second). */
export async function checkClock(client: Client): Promise<Finding> {
  const startMs = Date.now();
  const response = await client.send('GET', '/live', { timeoutMs: quickMs });
  await response.arrayBuffer();
  const serverMs = Date.parse(response.headers.get('date') ?? '');
  if (Number.isNaN(serverMs))
    return { name: 'clock', state: 'warn', found: 'the server tells no time', advice: 'a proxy may remove the Date header' };
  const skewS = Math.max(0, Math.abs((startMs + Date.now()) / 2 - serverMs - 500) / 1000 - 0.5);
  const found = skewS < 1 ? 'the same as the server, within a second' : `${span(skewS)} off the server's`;
  if (skewS <= maxSkewS) return { name: 'clock', state: 'ok', found };
  return { name: 'clock', state: 'warn', found, advice: 'set the clock (`timedatectl set-ntp true`): times of records are taken from it' };
}

export async function checkLedger(client: Client): Promise<Finding> {
  let ledger: Ledger;
  try {
    ledger = await client.call<Ledger>('GET', '/api/ledger', { timeoutMs: quickMs * 2 });
  } catch (thrown) {
    if (!(thrown instanceof RefusedError)) throw thrown;
    return { name: 'ledger', state: 'warn', found: thrown.message, advice: 'use a key with the scope `query`' };
  }
  const { accepted, hot, warm, oldest_in_flight_s: oldestS, holes } = ledger;
  const dead = Math.max(hot.dead, warm.dead);
  const found = `${number(accepted)} accepted, ${number(hot.in_flight)} in flight to hot, ${number(warm.in_flight)} to warm, ${number(dead)} dead`;
  if (holes.length > 0)
    return {
      name: 'ledger',
      state: 'bad',
      found: `${found}, ${holes.length} holes`,
      advice: '`logdrive ledger` names them: damaged parts of the log that cannot be read any more',
    };
  if (oldestS !== null && oldestS > oldResidueS)
    return { name: 'ledger', state: 'bad', found, advice: `the oldest waits for ${span(oldestS)}: see /ready and the server's log` };
  if (dead > 0)
    return { name: 'ledger', state: 'warn', found, advice: '`logdrive dlq list` says why; `logdrive dlq redrive` sends them again' };
  return { name: 'ledger', state: 'ok', found };
}
