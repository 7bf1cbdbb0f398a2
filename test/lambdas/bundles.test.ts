import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { functions } from '../../lambdas/registry.ts';
import { type Bundle, bundleFunctions } from '../../scripts/bundle.ts';
import { measureImport } from '../../scripts/measure-bundles.ts';

const names = Object.keys(functions) as (keyof typeof functions)[];
const folder = mkdtempSync(join(tmpdir(), 'logdrive-bundles-'));
let bundles: Map<string, Bundle>;
beforeAll(async () => {
  bundles = new Map((await bundleFunctions(folder, names, { links: true })).map((bundle) => [bundle.name, bundle]));
}, 60_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Files of a package, or below a folder of ours, that have bytes in a bundle. */
const reached = ({ inputs }: Bundle, what: string): string[] => {
  const place = what.endsWith('/') ? what : `node_modules/${what}/`;
  return [...inputs].filter(([path, bytes]) => bytes > 0 && path.startsWith(place)).map(([path]) => path);
};

describe.each(names)('%s', (name) => {
  const { bundle: limits } = functions[name];

  test('carries nothing that its manifest says it does without', () => {
    const bundle = bundles.get(name)!;
    expect(limits.without.flatMap((what) => reached(bundle, what))).toEqual([]);
  });

  test('is no larger than its manifest allows, nor much smaller', () => {
    const kilobytes = bundles.get(name)!.bytes / 1_000;
    expect(kilobytes).toBeLessThanOrEqual(limits.maxKb);
    expect(kilobytes).toBeGreaterThan(limits.maxKb * 0.75);
  });

  test('has its native packages beside it, and nothing else', () => {
    const beside = readdirSync(join(folder, name)).sort();
    expect(beside).toEqual(limits.native ? ['duckdb-thread.mjs', 'index.mjs', 'node_modules'] : ['index.mjs']);
    for (const each of limits.native ?? []) expect(existsSync(join(folder, name, 'node_modules', each))).toBe(true);
  });

  // A machine that is busy may take longer once.
  test('exports a handler, and is imported within its bound', { retry: 2 }, () => {
    expect(measureImport(folder, name, 1).cpuMs).toBeLessThanOrEqual(limits.maxImportMs);
  });
});

test('a handler is an adapter: 60 lines at most', () => {
  const root = join(import.meta.dirname, '../..');
  const long = names.filter((name) => readFileSync(join(root, 'lambdas', name, 'handler.ts'), 'utf8').split('\n').length > 61);
  expect(long).toEqual([]);
});

test('the check of what is carried can fail', () => {
  expect(reached(bundles.get('ingest')!, 'kafkajs').length).toBeGreaterThan(0);
  expect(reached(bundles.get('archive')!, 'src/columnar/').length).toBeGreaterThan(0);
});

test('the same sources give the same bytes', async () => {
  const again = mkdtempSync(join(tmpdir(), 'logdrive-bundles-'));
  await bundleFunctions(again, names, { links: true });
  const [one, two] = [folder, again].map((each) => readFileSync(join(each, 'ingest/index.mjs')));
  await rm(again, { recursive: true, force: true });
  expect(two!.equals(one!)).toBe(true);
});

test('a bundle without its environment says which variables it wants', () => {
  const run = () => execFileSync(process.execPath, [join(folder, 'ingest/index.mjs')], { env: {}, stdio: 'pipe' });
  expect(run).toThrow(/LOGDRIVE_TABLE/);
});
