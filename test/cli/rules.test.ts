import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Host } from '../scenarios/serve-array.ts';
import { serveEmbedded } from '../scenarios/serve-embedded.ts';
import { start } from './cli-io.ts';

const folder = mkdtempSync(join(tmpdir(), 'logdrive-rules-'));
const edn = join(folder, 'errors.edn');
const json = join(folder, 'failing.json');
const yaml = join(folder, 'rules.yml');
writeFileSync(edn, '{:name "errors" :condition [:> [:rate :level "error" :by [:service] :window "1m"] 10] :action [:console]}');
const tests = [{ name: 'never', given: [], expect: { at: '1m', state: 'firing' } }];
writeFileSync(json, JSON.stringify({ name: 'failing', condition: ['>', ['count', {}], 1], tests }));
writeFileSync(
  yaml,
  'groups: [{name: g, rules: [{alert: Full, expr: max by (host) (disk_used) > 0.9}, {alert: Jobs, expr: "rate(jobs_total[5m]) > 1"}]}]',
);

let host: Host;
beforeAll(async () => {
  host = await serveEmbedded();
});
afterAll(async () => {
  await host.stop();
  rmSync(folder, { recursive: true, force: true });
});
const run = (...argv: string[]) => start(['rules', ...argv, '--url', host.address]).done;

it('keeps rules: added, listed, shown with who changed what, promoted, deleted', async () => {
  expect((await run()).out).toMatch(/no rules yet/);
  expect((await run('add', edn, '--staging')).out).toBe('saved errors, version 1, in staging: nobody is told\n');
  expect((await run('promote', 'errors')).out).toMatch(/out of staging/);
  expect((await run('list')).out).toMatch(/errors\s+inactive\s+2\s/);
  expect((await run('show', 'errors')).out).toMatch(/version 2 .* by key open\n {2}staging: true → false/);
  expect((await run('delete', 'errors')).out).toMatch(/deleted errors/);
  expect(await run('show', 'errors')).toMatchObject({ code: 1, err: expect.stringMatching(/there is no rule "errors"/) });
});

it('refuses a rule whose tests fail, and shows what came', async () => {
  expect(await run('add', json)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/"never" fails at 1m: expected firing, got inactive/),
  });
  expect(await run('test', json)).toMatchObject({ code: 1, out: 'fails  never at 1m: expected firing, got inactive\n' });
});

it('tries a rule on what is stored, and compares two versions of it', async () => {
  // Within one slot, wherever the clock stands.
  const now = Math.floor(Date.now() / 15_000) * 15_000;
  const records = Array.from({ length: 60 }, (_, i) => ({
    level: 'error',
    service: 'api',
    timestamp: new Date(now - 3_600_000 + i * 100).toISOString(),
  }));
  await fetch(`${host.address}/logs?wait=hot`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(records),
  });
  await run('add', edn);
  writeFileSync(edn, '{:name "errors" :condition [:> [:rate :level "error" :by [:service] :window "1m"] 100] :action [:console]}');
  await run('add', edn);
  const { out } = await run('backtest', 'errors', '--from', '-2h', '--against', '1');
  expect(out).toMatch(/errors would have fired 0 times and sent 0 notifications in 2\.0 h/);
  expect(out).toMatch(/version 1 would have fired 1 times and sent 2 notifications\n- .* inactive → firing 60 {2}service=api/);
  const { transitions } = JSON.parse((await run('backtest', edn, '--from', '-2h', '--json')).out);
  expect(transitions).toEqual([]);
});

it('imports rules of Prometheus, and says what has no equal', async () => {
  expect(await run('import', yaml)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/Jobs: the function "rate" has no equal.*nothing was imported/),
  });
  expect((await run('import', yaml, '--skip', '--staging')).out).toMatch(/imported {2}Full \(staging\)\nleft out {2}Jobs: /);
});

it('says how it is used', async () => {
  expect(await run('frob')).toMatchObject({ code: 2, err: expect.stringMatching(/there is no action frob/) });
  expect(await run('show')).toMatchObject({ code: 2, err: expect.stringMatching(/show takes one name or file/) });
});
