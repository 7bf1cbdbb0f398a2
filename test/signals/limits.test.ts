import { expect, test } from 'vitest';
import { openSignalsHost } from './open-signals-host.ts';

const point = (user: number) => ({ name: 'logins', value: 1, attributes: { user } });

test('series beyond the budget of the day are refused, known ones go on', async () => {
  const host = await openSignalsHost('metrics.seriesPerDay=3');
  try {
    expect((await host.post('/metrics', [1, 2, 3].map(point))).status).toBe(202);
    const { status, body } = await host.post('/metrics', [1, 2, 3, 4, 5].map(point));
    expect(status).toBe(207);
    expect(body).toMatchObject({
      accepted: 3,
      rejected: 2,
      items: [{ index: 3, status: 422, code: 'SERIES_BUDGET', retryable: false }, { index: 4 }],
    });
    const none = await host.post('/metrics', point(6));
    expect(none).toMatchObject({ status: 422, body: { code: 'SERIES_BUDGET', detail: expect.stringContaining('metrics.seriesPerDay') } });
  } finally {
    await host.close();
  }
});

const traceOf = (i: number) => i.toString(16).padStart(32, '0');
const span = (i: number, code: number) => ({
  traceId: traceOf(i),
  spanId: '0b'.repeat(8),
  name: 'x',
  status: { code },
  startTimeUnixNano: '1795773600000000000',
});

test('a share of the traces is kept and every error; the ledger counts the others as sampled', async () => {
  const host = await openSignalsHost('traces.keep=0.3');
  try {
    const spans = Array.from({ length: 2_000 }, (_, i) => span(i + 1, i % 10 === 0 ? 2 : 0));
    expect((await host.post('/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans }] }] })).status).toBe(200);
    type Ledger = { accepted: number; hot: { done: number; in_flight: number; dropped: { sampled?: number } } };
    let ledger: Ledger | undefined;
    const endMs = performance.now() + 30_000;
    do ledger = await host.get<Ledger>('/api/ledger?signal=traces');
    while ((ledger.accepted < 2_000 || ledger.hot.in_flight > 0) && performance.now() < endMs);
    const { done, dropped } = ledger.hot;
    expect(done + dropped.sampled!).toBe(2_000);
    // 200 errors, and about three tenths of the 1,800 others.
    expect(done).toBeGreaterThan(200 + 460);
    expect(done).toBeLessThan(200 + 620);
    const { items } = (
      await host.post('/api/query', {
        from: 'traces',
        time: { from: '2026-01-01T00:00:00Z' },
        where: ['=', 'level', 'error'],
        aggregate: { n: ['count'] },
      })
    ).body as { items: unknown[] };
    expect(items).toEqual([{ n: 200 }]);
  } finally {
    await host.close();
  }
});
