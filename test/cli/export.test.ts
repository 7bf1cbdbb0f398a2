import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { serveArray } from '../scenarios/serve-array.ts';
import { serve, start } from './cli-io.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'logdrive-export-'));
  ends.push(() => rmSync(path, { recursive: true }));
  return path;
}

async function filled() {
  const host = await serveArray();
  ends.push(host.stop);
  const records = Array.from({ length: 1_200 }, (_, i) => ({ service: i % 2 ? 'odd' : 'even', message: `m${i}` }));
  await fetch(`${host.address}/logs?wait=hot`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(records),
  });
  return host.address;
}

test('an export goes to standard output, or to a file whose name says what it is', async () => {
  const url = await filled();
  const { code, out, err } = await start(['export', 'm7 OR m8', '--service', 'odd', '--url', url]).done;
  expect([
    code,
    out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).message),
  ]).toEqual([0, ['m7']]);
  expect(err).toMatch(/^1 records, /);
  const file = join(folder(), 'odd.csv');
  const written = await start(['export', 'service:odd | fields message', '--url', url, '-o', file]).done;
  expect(written.code).toBe(0);
  expect(readFileSync(file, 'utf8').split('\r\n')).toHaveLength(602);
});

test('without a query everything is exported', async () => {
  const url = await filled();
  const { code, out } = await start(['export', '--url', url]).done;
  expect([code, out.trim().split('\n').length]).toEqual([0, 1_200]);
  expect((await fetch(`${url}/api/export`, { method: 'POST' })).headers.get('export-records')).toBe('1200');
});

test('an export that breaks off leaves no file and ends with 1', async () => {
  const made = await serve((_call, res) => {
    res.writeHead(200, { 'content-type': 'application/x-ndjson', 'export-records': '2' });
    res.write('{"message":"a"}\n', () => res.destroy());
    return undefined;
  });
  ends.push(made.close);
  const into = folder();
  const { code, err } = await start(['export', '--url', made.url, '-o', join(into, 'all.ndjson')]).done;
  expect([code, readdirSync(into)]).toEqual([1, []]);
  expect(err).toContain('was not written');
});

test('a wrong query is shown with its place, a wrong format is a usage error', async () => {
  const url = await filled();
  const { code, err } = await start(['export', 'level:error (x', '--url', url]).done;
  expect(code).toBe(1);
  expect(err).toContain('\n  level:error (x\n              ^');
  expect((await start(['export', '--format', 'xml', '--url', url]).done).code).toBe(2);
});

test('a query shows the place of its fault too, and with --all every record', async () => {
  const url = await filled();
  for (const line of ['level:error (x', 'level:error (x | count()']) {
    const { code, err } = await start(['query', line, '--url', url]).done;
    expect([code, err.includes(`\n  ${line}\n              ^`)]).toEqual([1, true]);
  }
  const { out } = await start(['query', '--all', '--json', '--url', url]).done;
  expect(new Set(out.trim().split('\n')).size).toBe(1_200);
});
