import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { violations } from './rooms.ts';

const roots = ['src', 'lambdas', 'lib', 'bin'].filter((root) => existsSync(root));
const files = roots
  .flatMap((root) => readdirSync(root, { recursive: true, encoding: 'utf8' }).map((file) => join(root, file)))
  .filter((file) => /\.ts$/.test(file) && !/\.(test|contract)\.ts$/.test(file));

/** Files that may be longer than 250 lines, and why. */
const longFiles: Record<string, string> = {};

test('the walk found the code', () => {
  expect(files).toContain('src/core/record.ts');
  expect(files.length).toBeGreaterThan(50);
});

test('every room keeps to its neighbours', () => {
  expect(files.flatMap((file) => violations(file, readFileSync(file, 'utf8')))).toEqual([]);
});

test('no file is longer than 250 lines, but for the named ones', () => {
  const long = files.filter((file) => readFileSync(file, 'utf8').split('\n').length > 251).sort();
  expect(long).toEqual(Object.keys(longFiles).sort());
});

test.each([
  ['src/core/a.ts', "import fs from 'node:fs'"],
  ['src/processors/drop/index.ts', "import { z } from 'node:crypto'"],
  ['src/pipeline/a.ts', "import { k } from '../adapters/queue/kafka/index.ts'"],
  ['src/query/a.ts', "import type { o } from '../adapters/hot/opensearch/index.ts'"],
  ['src/adapters/hot/opensearch/a.ts', "import { k } from '../../queue/kafka/index.ts'"],
  ['src/http/a.ts', "export { p } from '../compose/embedded/up.ts'"],
  ['src/cli/a.ts', "import { p } from '../pipeline/process.ts'"],
  ['lib/a.ts', "const m = await import('../src/compose/aws.ts')"],
  ['lib/a.ts', "import { h } from '../lambdas/ingest/handler.ts'"],
  ['lambdas/ingest/manifest.ts', "import { b } from '../../src/compose/aws/build.ts'"],
  ['lambdas/ingest/handler.ts', "import { k } from '../../src/adapters/queue/kafka/wire.ts'"],
  ['src/cli/a.ts', "import { l } from '../../lib/logdrive.ts'"],
  ['lib/cost/a.ts', "import { l } from '../logdrive.ts'"],
  ['src/elsewhere/a.ts', ''],
])('%s is stopped at: %s', (file, source) => {
  expect(violations(file, source)).toHaveLength(1);
});

test.each([
  ['src/pipeline/a.ts', "import { b } from '../core/ids.ts'"],
  ['lib/a.ts', "import { functions } from '../lambdas/registry.ts'"],
  ['src/adapters/queue/segment/a.ts', "import { b } from './b.ts'"],
  ['src/compose/embedded/a.ts', "import { b } from '../../adapters/queue/segment/index.ts'"],
])('%s may: %s', (file, source) => {
  expect(violations(file, source)).toEqual([]);
});
