import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{bin,src,lib,lambdas,sdks,test}/**/*.test.ts'],
    testTimeout: 30_000,
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts', 'src/**/*.contract.ts'],
      reportsDirectory: 'coverage',
      thresholds: { lines: 90 },
    },
  },
});
