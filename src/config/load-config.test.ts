import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.ts';
import { configReference } from './reference.ts';

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'logdrive-config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

const withFile = (yaml: string, more: { argv?: string[]; env?: Record<string, string> } = {}) => {
  writeFileSync(join(cwd, 'logdrive.yaml'), yaml);
  return loadConfig({ cwd, ...more });
};

describe('the configuration', () => {
  it('has a default for everything', () => {
    const config = loadConfig({ cwd });
    expect(config).toMatchObject({
      server: { port: 4318, host: '127.0.0.1' },
      dataDir: join(cwd, '.logdrive'),
      limits: { sentBytes: 10_485_760, records: 10_000 },
      seal: { after: 20_000 },
      warm: { format: 'parquet', days: 30 },
      process: { version: 1, parse: 'auto', steps: [] },
      rateLimit: { tenant: {}, key: {} },
      tenants: {},
    });
    expect(config.mask.names).toContain('password');
  });

  it('takes a flag before the environment, that before the file, that before the default', () => {
    const yaml = 'server: { port: 1, host: a }\nlog: { level: warn }\nwarm: { days: 5 }\n';
    const config = withFile(yaml, { argv: ['--port', '3'], env: { LOGDRIVE_PORT: '2', LOGDRIVE_HOST: 'b', LOGDRIVE_DATA_DIR: '/d' } });
    expect(config.server).toEqual({ port: 3, host: 'b' });
    expect(config.dataDir).toBe('/d');
    expect(config.log.level).toBe('warn');
    expect(config.warm.days).toBe(5);
  });

  it('reads sizes, time spans, lists and switches from the file, the environment and --set alike', () => {
    const config = withFile('queue: { maxBytes: 1.5 GiB }\nmask: { addNames: [tax_number] }', {
      env: { LOGDRIVE_SEAL_AFTER: '500ms', LOGDRIVE_MASK_EMAILS: 'true', LOGDRIVE_LIMITS_SENT_BYTES: '2MB' },
      argv: ['--set', 'mask.names=[password, ssn]', '--set', 'canary.every=5m'],
    });
    expect(config.queue.maxBytes).toBe(1.5 * 2 ** 30);
    expect(config.seal.after).toBe(500);
    expect(config.limits.sentBytes).toBe(2_000_000);
    expect(config.mask).toMatchObject({ emails: true, names: ['password', 'ssn'], addNames: ['tax_number'] });
    expect(config.canary.every).toBe(300_000);
  });

  it('lets single tenants differ', () => {
    const { tenants } = withFile('tenants:\n  acme:\n    warm: { days: 365 }\n    limits: { records: 5 }\n    mask: { emails: true }\n');
    expect(tenants.acme).toEqual({ warm: { days: 365 }, limits: { records: 5 }, mask: { emails: true } });
  });

  it('passes over what Kubernetes puts into LOGDRIVE_PORT', () => {
    expect(loadConfig({ cwd, env: { LOGDRIVE_PORT: 'tcp://10.0.0.1:4318' } }).server.port).toBe(4318);
  });

  it.each([
    ['server:\n  prot: 1\n', 'logdrive.yaml:2: there is no setting `server.prot`; did you mean `port`?'],
    ['log: { level: info }\n\nqueu: {}\n', 'logdrive.yaml:3: there is no setting `queu`; did you mean `queue`?'],
    [
      'tenants:\n  acme:\n    mask:\n      email: true\n',
      'logdrive.yaml:4: there is no setting `tenants.acme.mask.email`; did you mean `emails`?',
    ],
    ['warm:\n  days: many\n', 'logdrive.yaml:2: `warm.days`: invalid input: expected number, received string'],
    ['seal: { after: soon }\n', 'logdrive.yaml:1: `seal.after`: expected a time span such as 20s'],
    ['mask: { names: [id] }\n', 'logdrive.yaml:1: `mask.names.0`: the last word of a name to mask needs at least 3 letters or digits'],
    ['a: [1\n', 'logdrive.yaml:'],
    ['- 1\n', 'logdrive.yaml: expected settings by name'],
  ])('refuses %j and says where and what', (yaml, message) => {
    expect(() => withFile(yaml)).toThrow(message);
  });

  it('names the variable, the flag or the missing file that is at fault', () => {
    expect(() => loadConfig({ cwd, env: { LOGDRIVE_WARM_DAYS: '0' } })).toThrow('LOGDRIVE_WARM_DAYS: `warm.days`: too small');
    expect(() => loadConfig({ cwd, argv: ['--port', 'x'] })).toThrow('--port: `server.port`');
    expect(() => loadConfig({ cwd, argv: ['--set', 'warm.day=1'] })).toThrow('did you mean `warm.days`?');
    expect(() => loadConfig({ cwd, argv: ['--config', 'other.yaml'] })).toThrow('other.yaml: there is no such file');
  });

  it('documents every setting with its default', () => {
    const page = configReference();
    expect(page).toContain('| `port` | `4318` | Port to listen on; 0 takes any free one. | `LOGDRIVE_PORT`, `--port` |');
    expect(page).toContain('| `sentBytes` | `10MiB` |');
    expect(page).toContain('| `after` | `20s` |');
    expect(page).not.toContain('undefined');
  });
});
