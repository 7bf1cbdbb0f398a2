import { defineConfig } from 'vitest/config';

const include = ['{bin,src,lib,lambdas,sdks,test}/**/*.test.ts'];
const ofServices = '**/*.services.test.ts';

/**
 * Left out of coverage: what only runs on a service is tested by the project `services`, which a machine without Java or Python skips. Coverage is
 * that of the project `unit`, so that it means the same everywhere.
 */
const runsOnServices = [
  'src/adapters/queue/kafka/**',
  'src/adapters/hot/opensearch/**',
  'src/adapters/{warm/s3,state/dynamodb,dead-letters/sqs,notify,warm-query/athena}/**',
  'src/compose/{services,aws}/**',
];

// Two projects: `unit` needs nothing beside Node, `services` needs Kafka, OpenSearch and an emulated AWS, which it starts.
export default defineConfig({
  test: {
    projects: [
      { test: { name: 'unit', include, exclude: ['**/node_modules/**', ofServices], testTimeout: 30_000 } },
      {
        test: {
          name: 'services',
          include: [ofServices],
          exclude: ['**/node_modules/**'],
          globalSetup: 'test/services/global-setup.ts',
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
    ],
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.contract.ts', ...runsOnServices],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
