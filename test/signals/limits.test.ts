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

test('events are tailed as they come; the same event sent twice is one', async () => {
  const host = await openSignalsHost();
  const gone = new AbortController();
  try {
    const response = await fetch(`${host.url}/api/logs/tail?signal=events&q=type:order.placed`, { signal: gone.signal });
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let seen = (await reader.read()).value ?? '';
    const event = (id: string, type = 'order.placed') => ({ specversion: '1.0', id, source: '/orders', type, data: { total: 42 } });
    const cloud = { 'content-type': 'application/cloudevents+json' };
    expect((await host.post('/events?wait=hot', event('1'), cloud)).body).toMatchObject({ accepted: 1 });
    await host.post('/events?wait=hot', [event('2', 'order.paid'), event('3')], { 'content-type': 'application/cloudevents-batch+json' });
    const binary = {
      'ce-specversion': '1.0',
      'ce-id': '1',
      'ce-source': '/orders',
      'ce-type': 'order.placed',
      'content-type': 'application/json',
    };
    await host.post('/events?wait=hot', { total: 42 }, binary);
    while ((seen.match(/^data: \{/gm) ?? []).length < 2) seen += (await reader.read()).value ?? '';
    expect([...seen.matchAll(/"event_id":"(\d)"/g)].map(([, id]) => id)).toEqual(['1', '3']);
    const { hot } = await host.get<{ hot: { done: number; dropped: object } }>('/api/ledger?signal=events');
    expect(hot).toMatchObject({ done: 3, dropped: { duplicate: 1 } });
    const faulty = await host.post('/events', [{ specversion: '1.0', id: '4', type: 'x' }, event('5')]);
    expect(faulty).toMatchObject({ status: 207, body: { items: [{ index: 0, detail: expect.stringContaining('records[0].source') }] } });
  } finally {
    gone.abort();
    await host.close();
  }
});
