import { defineConfig } from 'vitest/config';

const include = ['{bin,src,lib,lambdas,sdks,test}/**/*.test.ts'];
const ofServices = '**/*.services.test.ts';

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
      exclude: ['src/**/*.test.ts', 'src/**/*.contract.ts'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
