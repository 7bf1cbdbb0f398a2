import { spawnSync } from 'node:child_process';
import { appendFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { deadAfter } from '../../src/pipeline/store/poison.ts';
import { projectFiles, textOf } from './documents.ts';
import { type RunningHost, runCommand, runHost, startCommand } from './run-host.ts';

const waitMs = 20_000;
const hasPython = spawnSync('python3', ['--version']).status === 0;
type Found = { items: { message: string; service: string }[] };

const get = async <T>({ url }: RunningHost, path: string): Promise<T> => (await (await fetch(url + path)).json()) as T;
const linesOf = (text: string): unknown[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('the examples', { timeout: 60_000 }, () => {
  let host: RunningHost;
  beforeAll(async () => {
    host = await runHost();
  });
  afterAll(() => host.stop());

  it('are all named on their page', () => {
    const page = textOf('examples/README.md');
    const files = projectFiles().filter((file) => /^examples\/.+\.(sh|ts|py)$/.test(file));
    expect(files.length).toBeGreaterThan(4);
    expect(files.filter((file) => !page.includes(file))).toEqual([]);
  });

  it('send by curl what is taken, and name what is not', async () => {
    const { code, stdout, stderr } = await runCommand('bash examples/send-with-curl.sh', host);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(linesOf(stdout)).toMatchObject([
      { accepted: 1, rejected: 0 },
      { accepted: 2, rejected: 0 },
      { accepted: 1, rejected: 1, items: [{ index: 1 }] },
      { accepted: 1, rejected: 0 },
      { accepted: 2, rejected: 0 },
    ]);
  });

  it('send by fetch and show the receipt', async () => {
    const { code, stdout } = await runCommand('npx node examples/send-with-fetch.ts', host);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^2 accepted\n\{"records":2,/);
  });

  it.runIf(hasPython)('send by Python (where there is one) and find the record', async () => {
    const { code, stdout } = await runCommand('python3 examples/send_with_urllib.py', host);
    expect(code).toBe(0);
    expect(stdout).toBe("2 accepted, searchable: True\nerror job failed: out of tea {'job': 7}\n");
  });

  it('ship a file as it grows, and go on where they were', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'logdrive-follow-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const file = join(folder, 'grows.log');
    await writeFile(file, 'first line\n');
    const shipped = async () => (await get<Found>(host, '/api/logs?service=grows&order=asc')).items.map(({ message }) => message);
    const follow = () => startCommand(`bash examples/follow-a-file.sh ${file}`, host);

    const one = follow();
    await expect.poll(shipped, { timeout: waitMs }).toEqual(['first line']);
    await appendFile(file, 'second line\n');
    await expect.poll(shipped, { timeout: waitMs }).toEqual(['first line', 'second line']);
    await one.interrupt();
    await appendFile(file, 'third line\n');
    const two = follow();
    await expect.poll(shipped, { timeout: waitMs }).toEqual(['first line', 'second line', 'third line']);
    await two.interrupt();
  });

  it('count the archive by DuckDB as the ledger does', async () => {
    const accepted = async () => (await get<{ accepted: number }>(host, '/api/ledger')).accepted;
    const counted = async () => JSON.parse((await runCommand('npx node examples/count-with-duckdb.ts .logdrive', host)).stdout).records;
    await expect.poll(async () => (await counted()) === (await accepted()), { timeout: waitMs }).toBe(true);
    expect(await accepted()).toBeGreaterThan(10);
  });

  it('redrive the dead letter of a record that was found to kill the process', async () => {
    // What a process leaves that died so often over the first record: offset, count, attempts.
    const mark = Buffer.from(new Float64Array([0, 1, deadAfter]).buffer);
    const killed = await runHost({ prepare: (dataDir) => writeFile(join(dataDir, 'working-on'), mark) });
    onTestFinished(() => killed.stop());
    await fetch(`${killed.url}/logs?wait=warm`, { method: 'POST', body: '{"service":"poison","message":"deadly"}' });
    expect(await get(killed, '/api/ledger')).toMatchObject({ accepted: 1, hot: { done: 0, dead: 1 }, warm: { done: 0, dead: 1 } });

    const { code, stdout } = await runCommand('bash examples/redrive-dead-letters.sh', killed);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^CRASH: /);
    expect(stdout).toContain('1 letters would be sent again\n1 of 1 letters redriven\n');
    expect(await get(killed, '/api/ledger')).toMatchObject({ accepted: 1, hot: { done: 1, dead: 0 }, warm: { done: 1, dead: 0 } });
    expect(await get<Found>(killed, '/api/logs?search=deadly')).toMatchObject({ items: [{ service: 'poison' }] });
    expect((await runCommand('bash examples/redrive-dead-letters.sh', killed)).stdout).toBe('no dead letters\n');
  });
});
