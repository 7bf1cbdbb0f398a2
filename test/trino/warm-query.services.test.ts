import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { AthenaWarmQuery } from '../../src/adapters/warm-query/athena/athena-warm-query.ts';
import { randomName } from '../contract/random-name.ts';
import { type WarmQueryBench, warmQueryContract } from '../contract/warm-query.contract.ts';
import { TrinoEngine, trinoAt, whenTrinoAnswers } from './trino-engine.ts';

async function openTrino(): Promise<WarmQueryBench> {
  const schema = randomName('t').replaceAll('-', '_');
  const archive = `local:///${schema}/`;
  const engine = new TrinoEngine(schema);
  await whenTrinoAnswers(engine, 60_000);
  await mkdir(join(trinoAt.folder, schema, 'level0'), { recursive: true });
  await engine.run(`CREATE SCHEMA warm.${schema}`);
  let files = 0;
  return {
    engine: new AthenaWarmQuery({ engine, archive }),
    takesBytes: false,
    leavesOddNames: true,
    async store(bytes) {
      const name = `level0/p${files % 2}/${files++}.parquet`;
      const path = join(trinoAt.folder, schema, name);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, bytes);
      return name;
    },
    close: async () => {},
  };
}

if (trinoAt.url) warmQueryContract('Trino, as Athena', openTrino);
else test.skip('Trino: npm run test:trino starts one', () => expect.unreachable());
