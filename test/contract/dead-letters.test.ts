import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { SqliteDeadLetters } from '../../src/adapters/dead-letters/sqlite/sqlite-dead-letters.ts';
import { describeDeadLetters } from './dead-letters.contract.ts';

const folder = mkdtempSync(join(tmpdir(), 'logdrive-dead-'));
afterAll(() => rm(folder, { recursive: true }));
let file = '';
let count = 0;

describeDeadLetters(
  'sqlite',
  async () => {
    file = join(folder, `${count++}.sqlite`);
    return new SqliteDeadLetters(file);
  },
  async () => new SqliteDeadLetters(file),
);
