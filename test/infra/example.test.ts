import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { emptyBundles } from './synthesised.ts';

test('another CDK app can bring a Logdrive of its own', () => {
  const [bundles, outdir] = [emptyBundles(), mkdtempSync(join(tmpdir(), 'logdrive-example-'))];
  try {
    execFileSync(process.execPath, [join(import.meta.dirname, '../../examples/cdk/app.ts')], {
      env: { ...process.env, LOGDRIVE_BUNDLES: bundles, CDK_OUTDIR: outdir },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const { artifacts } = JSON.parse(readFileSync(join(outdir, 'manifest.json'), 'utf8')) as {
      artifacts: Record<string, { type: string; properties?: { stackName?: string } }>;
    };
    const stacks = Object.entries(artifacts)
      .filter(([, { type }]) => type === 'aws:cloudformation:stack')
      .map(([id, { properties }]) => properties?.stackName ?? id);
    const parts = ['network', 'storage', 'stream', 'ingest', 'process', 'alarms', 'dashboard'];
    expect(stacks.sort()).toEqual([...parts.map((part) => `logdrive-shop-${part}`), 'shop'].sort());
  } finally {
    rmSync(bundles, { recursive: true, force: true });
    rmSync(outdir, { recursive: true, force: true });
  }
}, 120_000);
