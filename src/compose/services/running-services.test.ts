import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { addressesOf } from './running-services.ts';

function folderWith(endpoints: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-addresses-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, endpoint] of Object.entries(endpoints)) {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, 'service.json'), JSON.stringify({ endpoint }));
  }
  return folder;
}
const configOf = (...set: string[]) => loadConfig({ argv: set.flatMap((pair) => ['--set', pair]), cwd: tmpdir() });

test('what services:up wrote down is found, what it did not start is at its usual address', () => {
  const folder = folderWith({ kafka: '127.0.0.1:4001', opensearch: 'http://127.0.0.1:4002' });
  expect(addressesOf(configOf(), folder)).toMatchObject({
    brokers: ['127.0.0.1:4001'],
    openSearch: 'http://127.0.0.1:4002',
    endpoint: 'http://127.0.0.1:4566',
    topic: 'logs.raw',
    bucket: 'logdrive',
  });
});

test('settings go before it, and a prefix is on every name', () => {
  const folder = folderWith({ kafka: '127.0.0.1:4001' });
  const config = configOf('services.brokers=["a:1","b:2"]', 'services.prefix=dev-', 'services.hot=false');
  expect(addressesOf(config, folder)).toMatchObject({
    ...{ brokers: ['a:1', 'b:2'], openSearch: undefined, topic: 'dev-logs.raw', indexPrefix: 'dev-' },
    ...{ bucket: 'dev-logdrive', table: 'dev-logdrive', deadLetters: 'dev-logdrive-dead-letters' },
  });
});

test('a state file that is cut short is as none', () => {
  const folder = folderWith({});
  mkdirSync(join(folder, 'aws'));
  writeFileSync(join(folder, 'aws/service.json'), '{"endpoint":');
  expect(addressesOf(configOf(), folder).endpoint).toBe('http://127.0.0.1:4566');
});
