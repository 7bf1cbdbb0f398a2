import { describe, expect, test } from 'vitest';
import type { Trigger } from '../../lambdas/function-manifest.ts';
import { manifests } from '../../lambdas/registry.ts';
import { breakEvenEndpoints, egressCosts } from '../../lib/cost/egress.ts';
import { alarmsOf, estimate } from '../../lib/cost/estimate.ts';
import { sizes } from '../../lib/cost/functions.ts';
import { defaultLoad } from '../../lib/cost/load.ts';
import { hourlyPrice, prices } from '../../lib/cost/prices.ts';
import { filesAfter } from '../../lib/cost/tiers.ts';
import { defineStage, type StageSettings, stages } from '../../lib/stages.ts';
import { resourcesOf } from './checks.ts';
import { synthesise } from './synthesised.ts';

const load = (gbPerDay: number) => ({ ...defaultLoad, gbPerDay });
const lineOf = (of: ReturnType<typeof estimate>, component: string, what: RegExp) =>
  of.items.find((each) => each.component === component && what.test(each.what))!;

describe('computed by hand:', () => {
  test('dev idle: 2 brokers, 2 disks of 50 GiB, one search node with 20 GiB, three endpoints in one zone', () => {
    const { components, idleUsd, totalUsd } = estimate(stages.dev, load(0));
    expect(components.kafka).toBeCloseTo(2 * 730 * 0.0456 + 100 * 0.1, 6); // 76.576
    expect(components.opensearch).toBeCloseTo(730 * 0.036 + 20 * 0.122, 6); // 28.72
    expect(components.network).toBeCloseTo(3 * 730 * 0.01, 6); // 21.90
    expect(idleUsd).toBe(totalUsd);
  });

  test('prod, 50 GB a day: requests, WAF, Express brokers and what they keep', () => {
    const of = estimate(stages.prod, load(50));
    // 50e9 × 30.4 / 400 bytes / 500 records = 7.6 million requests, and 60,800 queries.
    expect(lineOf(of, 'api', /^requests/).usd).toBeCloseTo(7.6608 * 3.5, 4);
    expect(lineOf(of, 'api', /^WAF requests/).usd).toBeCloseTo(7.6608 * 0.6, 4);
    expect(lineOf(of, 'kafka', /express/).usd).toBeCloseTo(3 * 730 * 0.408, 6);
    expect(lineOf(of, 'kafka', /storage/).usd).toBeCloseTo(50 * 1.05 * 7 * 0.1, 6); // a week of it
    expect(of.perGbUsd.whole).toBeCloseTo(of.totalUsd / 1520, 9);
  });

  test('files: 4 GB a day; a year on, 30 days lie in S3 Standard and the rest in Glacier', () => {
    expect(filesAfter(stages.prod.storage, 50, 1)).toEqual({ standard: 4 * 30, glacier: expect.closeTo(4 * 0.4, 9), deep: 0 });
    expect(filesAfter(stages.prod.storage, 50, 12)).toEqual({ standard: 120, glacier: expect.closeTo(4 * 334.8, 9), deep: 0 });
    expect(filesAfter(stages.prod.storage, 50, 24)).toEqual({ standard: 120, glacier: 4 * 335, deep: expect.closeTo(4 * 364.6, 9) });
    expect(filesAfter(stages.dev.storage, 50, 24)).toEqual({ standard: 120, glacier: 0, deep: 0 });
  });

  test('large scans: 608 a month over 28 GB of files, a quarter of it read; none where a week is small or the stage has no Athena', () => {
    const scans = (stage: StageSettings, gb: number) => lineOf(estimate(stage, load(gb)), 'files', /Athena/)?.usd;
    expect(scans(stages.prod, 50)).toBeCloseTo((608 * 28e9 * 0.25 * 5) / 2 ** 40, 6); // 19.35
    expect(scans(stages.prod, 0.9)).toBeUndefined();
    expect(scans(stages.dev, 50)).toBeUndefined();
  });

  test('a NAT gateway is cheaper from the fifth endpoint of a zone on, or for much through it', () => {
    expect(breakEvenEndpoints(0)).toBeCloseTo(4.5, 9);
    expect(breakEvenEndpoints(730)).toBeCloseTo(4.5 + 3.5, 9);
  });
});

test('both stages take the cheaper way out of their network', () => {
  for (const stage of [stages.dev, stages.prod])
    for (const gb of [0, 5, 50]) {
      const { endpoints, nat } = egressCosts(stage, load(gb));
      const usd = (items: typeof nat) => items.reduce((sum, each) => sum + each.usd, 0);
      expect(usd(endpoints)).toBeLessThan(usd(nat));
    }
});

test('a load that does not fit its disks is told', () => {
  expect(estimate(stages.dev, load(50)).warnings).toHaveLength(2);
  expect(estimate(stages.prod, load(50)).warnings).toEqual([]);
});

test('a stage without OpenSearch, on MSK Serverless, pays for neither nodes nor disks', () => {
  const stage = defineStage({ stage: 'a', search: false, stream: { kind: 'serverless', replication: 3 } });
  const { components, items } = estimate(stage, load(1));
  expect(components).not.toHaveProperty('opensearch');
  expect(items.filter(({ component, fixed }) => component === 'kafka' && fixed).map(({ price }) => price)).toEqual([
    'mskServerlessHour',
    'mskServerlessPartitionHour',
  ]);
});

test('every node type of a stage has a price', () => {
  for (const { stream, search } of [stages.dev, stages.prod]) {
    expect(prices).toHaveProperty(hourlyPrice(stream.instanceType));
    if (search) expect(prices).toHaveProperty(hourlyPrice(search.instanceType));
  }
  expect(() => hourlyPrice('kafka.m9.huge')).toThrow(/no price for kafka.m9.huge/);
});

test('sizes of functions are those of their manifests', () => {
  const manifest = (name: string) => manifests.find((each) => each.name === name)!;
  expect(manifest('ingest').memoryMb).toBe(sizes.ingestGb * 1024);
  expect(manifest('query').memoryMb).toBe(sizes.queryGb * 1024);
  for (const { name, memoryGb, batch, windowS } of sizes.consumers) {
    const trigger = manifest(name).triggers.find(({ kind }) => kind === 'kafka') as Extract<Trigger, { kind: 'kafka' }>;
    expect({ memoryMb: manifest(name).memoryMb, ...trigger }).toMatchObject({ memoryMb: memoryGb * 1024, batchSize: batch, windowS });
  }
  for (const { name, memoryGb, everyMin } of sizes.passes) {
    const trigger = manifest(name).triggers.find(({ kind }) => kind === 'schedule') as Extract<Trigger, { kind: 'schedule' }>;
    const [, count, unit] = /^rate\((\d+) (minute|hour)s?\)$/.exec(trigger.every)!;
    expect([manifest(name).memoryMb, Number(count) * (unit === 'hour' ? 60 : 1)], name).toEqual([memoryGb * 1024, everyMin]);
  }
});

test.each([stages.dev, stages.prod, stages.local])('the alarms of a stage are counted right', (stage) => {
  expect(resourcesOf(synthesise(stage), 'AWS::CloudWatch::Alarm')).toHaveLength(alarmsOf(stage));
});
