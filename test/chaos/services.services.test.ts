import { describe, expect, test } from 'vitest';
import { services } from '../services/services.ts';
import { runServicesChaos } from './services-run.ts';

// It has services of its own, since it kills them; where this machine can run those of the suite, it can run these.
const { kafka, openSearch, aws } = services();

describe.skipIf(!kafka || !openSearch || !aws)('the host on services that are killed', () => {
  test('loses nothing that it acknowledged, shows nothing twice, and accounts for everything', { timeout: 600_000 }, async () => {
    const report = await runServicesChaos({ faults: ['kafka', 'opensearch', 'aws-restart', 'host'], records: 2_500, seed: 5, clients: 4 });
    expect(report.faults).toEqual([]);
    expect(report.happened.map(({ kind }) => kind)).toEqual(['kafka', 'opensearch', 'aws-restart', 'host']);
    expect(report.retries).toBeGreaterThan(0);
    expect(report.ledger?.accepted).toBeGreaterThanOrEqual(2_500);
    expect(report.ledger?.hot.in_flight).toBe(0);
    expect(report.ledger?.warm.in_flight).toBe(0);
  });
});
