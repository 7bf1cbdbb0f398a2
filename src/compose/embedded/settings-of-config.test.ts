import { describe, expect, test } from 'vitest';
import { loadConfig } from '../../config/load-config.ts';
import { defaultMaskSettings } from '../../core/mask-settings.ts';
import { tenantSettings } from './settings.ts';
import { settingsOfConfig } from './settings-of-config.ts';

const settingsWith = (...pairs: string[]) =>
  settingsOfConfig(loadConfig({ cwd: '/somewhere', argv: pairs.flatMap((pair) => ['--set', pair]) }), '1.2.3');

describe('the settings of a host', () => {
  test('are those of the configuration under the names of the host', () => {
    const settings = settingsWith(
      'seal.after=300ms',
      'queue.partitions=3',
      'ledger.residueAfter=7s',
      'canary.every=2s',
      'warm.format=ndjson',
    );
    expect(settings).toMatchObject({
      version: '1.2.3',
      dataDir: '/somewhere/.logdrive',
      host: '127.0.0.1',
      port: 4318,
      sealAfterMs: 300,
      residueLimitMs: 7_000,
      canaryEveryMs: 2_000,
      warmFormat: 'ndjson',
      queue: { partitions: 3 },
      tenants: {},
    });
    expect(settings.defaults.mask).toEqual(defaultMaskSettings);
    expect(settings.defaults.warmDays).toBe(30);
  });

  test('have no canary where it is switched off', () => {
    expect(settingsWith('canary.enabled=false').canaryEveryMs).toBeUndefined();
  });

  test('add names to mask to those of the list, or replace the list', () => {
    const added = settingsWith('mask.addNames=[customer_pin]').defaults.mask.names;
    expect(added).toEqual([...defaultMaskSettings.names, 'customer_pin']);
    expect(settingsWith('mask.names=[only_this]').defaults.mask.names).toEqual(['only_this']);
  });
});

describe('the settings of single tenants', () => {
  const config = loadConfig({ cwd: '/', argv: ['--set', 'warm.days=10', '--set', 'limits.records=50', '--set', 'mask.emails=true'] });
  const settings = settingsOfConfig(
    {
      ...config,
      tenants: {
        acme: {
          limits: { records: 7 },
          mask: { cards: true, addNames: ['acme_code'] },
          warm: { days: 99 },
          rateLimit: { key: { recordsPerS: 5 } },
        },
        bare: {},
      },
    },
    '1',
  );

  test('are laid over those of all, and leave the rest as it is', () => {
    const { limits, mask, warmDays, rate, keyRate } = tenantSettings(settings, 'acme');
    expect(limits).toEqual({ ...config.limits, records: 7 });
    expect(mask).toMatchObject({ cards: true, emails: true });
    expect(mask.names).toEqual([...config.mask.names, 'acme_code']);
    expect([warmDays, keyRate.recordsPerS]).toEqual([99, 5]);
    expect(rate).toEqual(settings.defaults.rate);
  });

  test('are those of all where a tenant names none, or is not named', () => {
    expect(tenantSettings(settings, 'bare')).toEqual(settings.defaults);
    expect(tenantSettings(settings, 'unknown')).toBe(settings.defaults);
    expect(settings.defaults.warmDays).toBe(10);
  });
});
