import { expect, test } from 'vitest';
import { functions } from '../../../lambdas/registry.ts';
import { readEnvironment } from './read-environment.ts';
import { readSettings } from './settings.ts';

const environment = {
  LOGDRIVE_STAGE: 'dev',
  LOGDRIVE_BROKERS: '127.0.0.1:9092',
  LOGDRIVE_KAFKA_AUTH: 'plain',
  LOGDRIVE_PARTITIONS: '4',
  LOGDRIVE_TABLE: 'state',
};

test('an environment is read by the manifest: numbers become numbers, defaults are filled in, the rest is left out', () => {
  expect(readEnvironment(functions.ingest, { ...environment, PATH: '/bin' })).toEqual({
    ...environment,
    LOGDRIVE_PARTITIONS: 4,
    LOGDRIVE_LOG_LEVEL: 'info',
    LOGDRIVE_SETTINGS: '{}',
    LOGDRIVE_TOPIC_PREFIX: '',
  });
});

test('every variable that is missing or wrong is named', () => {
  const given = { ...environment, LOGDRIVE_TABLE: '', LOGDRIVE_PARTITIONS: 'four', LOGDRIVE_KAFKA_AUTH: 'none' };
  expect(() => readEnvironment(functions.ingest, given)).toThrow(
    /function ingest: LOGDRIVE_KAFKA_AUTH: .*; LOGDRIVE_PARTITIONS: not a whole number; LOGDRIVE_TABLE: /,
  );
});

test('settings of single tenants lie over those of all, and no body may be larger than a function can be given', () => {
  const settings = readSettings(
    JSON.stringify({ limits: { records: 500 }, tenants: { acme: { limits: { records: 9, sentBytes: '8 MiB' }, warm: { days: 3 } } } }),
    14,
  );
  expect(settings.of('anybody')).toMatchObject({ limits: { records: 500, sentBytes: 4 * 1024 * 1024 }, warmDays: 14 });
  expect(settings.of('acme')).toMatchObject({ limits: { records: 9, sentBytes: 4 * 1024 * 1024 }, warmDays: 3 });
});

test.each([
  ['{', /LOGDRIVE_SETTINGS is not JSON/],
  ['{"limit": {}}', /LOGDRIVE_SETTINGS: it: .*"limit"/],
  ['{"limits": {"records": 0}}', /LOGDRIVE_SETTINGS: limits\.records: /],
])('%s is refused', (json, message) => {
  expect(() => readSettings(json)).toThrow(message);
});
