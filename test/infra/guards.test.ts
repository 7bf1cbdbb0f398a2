import { App, Stack, Validations } from 'aws-cdk-lib';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { defineFunction } from '../../lambdas/function-manifest.ts';
import { LogFunction } from '../../lib/constructs/log-function.ts';
import { StorageStack } from '../../lib/stacks/storage.ts';
import { defineStage } from '../../lib/stages.ts';
import { emptyBundles } from './synthesised.ts';

test('cdk-nag ends a synth that has an unexplained finding', () => {
  const app = new App({ context: { '@aws-cdk/core:defaultCrossStackReferences': 'strong' } });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  new Bucket(new Stack(app, 'planted'), 'Open');
  expect(() => app.synth()).toThrow(/[Vv]alidation/);
});

test('a function without a variable that its manifest asks for is not made', () => {
  const stage = defineStage({
    stage: 'planted',
    stream: { kind: 'external', externalBrokers: '127.0.0.1:1' },
    egress: 'none',
    search: false,
  });
  const app = new App();
  const stack = new Stack(app, 'stack');
  const storage = new StorageStack(app, 'storage', { stage });
  const bundles = emptyBundles();
  const manifest = defineFunction({
    ...{ name: 'ingest', description: 'planted', triggers: [], memoryMb: 128, timeoutS: 3, architecture: 'arm64', needs: {} },
    env: z.object({ LOGDRIVE_TABLE: z.string(), LOGDRIVE_PARTITIONS: z.string().regex(/^\d+$/) }),
    bundle: { maxKb: 1, maxImportMs: 1, reason: '', without: [] },
  });
  const parts = {
    stage,
    network: undefined,
    storage,
    stream: { brokers: '', auth: 'plain' as const },
    search: undefined,
    topicPrefix: '',
    bundleOf: (name: string) => `${bundles}/${name}`,
  };
  expect(() => new LogFunction(stack, manifest, { LOGDRIVE_TABLE: 'a', LOGDRIVE_PARTITIONS: 'six' }, parts)).toThrow(
    /ingest: LOGDRIVE_PARTITIONS/,
  );
  expect(() => new LogFunction(new Stack(app, 'other'), manifest, {}, parts)).toThrow(/LOGDRIVE_TABLE.*LOGDRIVE_PARTITIONS/);
});
