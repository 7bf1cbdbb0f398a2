import { afterAll, beforeAll, expect, test } from 'vitest';
import { openSignalsHost, type SignalsHost } from './open-signals-host.ts';

type Answer = { items: { labels: Record<string, string>; points: [string, number][] }[]; step: string };

let host: SignalsHost;
const at = (time: string) => `2026-11-21T${time}Z`;
const range = 'from=2026-11-21T10:00:00Z&to=2026-11-21T10:05:00Z';
const values = async (query: string) => {
  const { items } = await host.get<Answer>(`/api/metrics/query?${range}&step=1m&${query}`);
  return items.map(({ labels, points }) => [labels, points.map(([time, value]) => [time.slice(14, 16), value])]);
};
const gauge = (time: string, value: number, service = 'a') => ({ name: 'depth', value, timestamp: at(time), service });
const counter = (time: string, value: number, more: object = {}) => ({
  ...{ name: 'requests', type: 'counter', value, timestamp: at(time), service: 'a', attributes: { path: '/x' } },
  ...more,
});
const histogram = (time: string, service: string, counts: number[], more: object = {}) => ({
  ...{ name: 'seconds', type: 'histogram', unit: 's', bounds: [10, 20, 30], counts, timestamp: at(time), service },
  ...more,
});

beforeAll(async () => {
  host = await openSignalsHost();
  const points = [
    ...[5, 1, 4, 2, 3].map((value, i) => gauge(`10:00:0${i}`, value)),
    ...[10, 20].map((value, i) => gauge(`10:02:0${i}`, value)),
    gauge('10:02:30', 100, 'b'),
    counter('10:00:00', 100),
    counter('10:00:15', 130),
    counter('10:00:30', 160),
    // Fallen: it began anew, and 10 were counted since.
    counter('10:00:45', 10),
    counter('10:01:00', 40),
    counter('10:00:00', 7, { attributes: { path: '/y' } }),
    counter('10:01:30', 9, { attributes: { path: '/y' } }),
    histogram('10:00:10', 'a', [2, 2, 0, 0], { sum: 50 }),
    histogram('10:00:20', 'b', [0, 2, 2, 2], { sum: 150, max: 50 }),
    // Cumulative: 4 more in the second bucket, then a reset with 1 in the first.
    histogram('10:03:00', 'c', [1, 1, 0, 0], { sum: 20, temporality: 'cumulative' }),
    histogram('10:03:10', 'c', [1, 5, 0, 0], { sum: 80, temporality: 'cumulative' }),
    histogram('10:03:20', 'c', [1, 0, 0, 0], { sum: 5, temporality: 'cumulative' }),
  ];
  const { status } = await host.post('/metrics?wait=hot', points);
  expect(status).toBe(200);
});
afterAll(() => host.close());

test.each([
  ['avg', 3],
  ['sum', 15],
  ['min', 1],
  ['max', 5],
  ['count', 5],
  ['last', 3],
  ['p50', 3],
  ['p90', 4.6],
  ['p95', 4.8],
  ['p99', 4.96],
])('%s of a gauge is what the table says', async (agg, expected) => {
  const [[labels, points] = []] = await values(`name=depth&service=a&agg=${agg}`);
  expect(labels).toEqual({});
  expect((points as [string, number][])[0]![1]).toBeCloseTo(expected, 9);
});

test('the values of a label are parted, and filters choose', async () => {
  expect(await values('name=depth&agg=max&by=service')).toEqual([
    [
      { service: 'a' },
      [
        ['00', 5],
        ['02', 20],
      ],
    ],
    [{ service: 'b' }, [['02', 100]]],
  ]);
  expect(await values('name=depth&agg=max&q=-service:a')).toEqual([[{}, [['02', 100]]]]);
});

test('the rate of a counter goes on over a reset, series by series', async () => {
  expect(await values('name=requests&agg=rate&by=path')).toEqual([
    [
      { path: '/x' },
      [
        ['00', 70],
        ['01', 30],
      ],
    ],
    [
      { path: '/y' },
      [
        ['00', 0],
        ['01', 2],
      ],
    ],
  ]);
  expect(await values('name=requests&agg=sum')).toEqual([
    [
      {},
      [
        ['00', 70],
        ['01', 32],
      ],
    ],
  ]);
});

test('a window of several steps rolls', async () => {
  expect(await values('name=requests&agg=rate&window=2m')).toEqual([
    [
      {},
      [
        ['00', 35],
        ['01', 51],
        ['02', 16],
      ],
    ],
  ]);
  expect(await values('name=depth&service=a&agg=avg&window=3m')).toEqual([
    [
      {},
      [
        ['00', 3],
        ['01', 3],
        ['02', 45 / 7],
        ['03', 15],
        ['04', 15],
      ],
    ],
  ]);
});

test.each([
  ['p50', 17.5],
  ['p75', 27.5],
  ['p90', 40],
  ['p99', 49],
  ['avg', 20],
  ['count', 10],
  ['rate', 10],
])('%s of histograms that are merged is what the table says', async (agg, expected) => {
  const [[, points] = []] = await values(`name=seconds&agg=${agg}&q=service:(a OR b)`);
  expect((points as [string, number][])[0]![1]).toBeCloseTo(expected, 9);
});

test('of a cumulative histogram what was added counts, over a reset', async () => {
  expect(await values('name=seconds&agg=count&service=c')).toEqual([[{}, [['03', 5]]]]);
  expect(await values('name=seconds&agg=sum&service=c')).toEqual([[{}, [['03', 65]]]]);
});

test('names are listed with their types, units and numbers of series', async () => {
  const { items } = await host.get<{ items: { name: string }[] }>('/api/metrics/names');
  expect(items).toEqual([
    { name: 'depth', type: 'gauge', unit: null, services: ['a', 'b'], points: 8, series: 2 },
    { name: 'requests', type: 'counter', unit: null, services: ['a'], points: 7, series: 2 },
    { name: 'seconds', type: 'histogram', unit: 's', services: ['a', 'b', 'c'], points: 5, series: 3 },
  ]);
});

test('what is no point is refused by itself, with its place', async () => {
  const { status, body } = await host.post('/metrics', [
    { name: 'good', value: 1 },
    { name: 'bad', value: 'x' },
    { value: 1 },
    { name: 'h', type: 'histogram', bounds: [2, 1], counts: [1, 1, 1] },
    { name: 'c', type: 'counter', value: -1 },
  ]);
  expect(status).toBe(207);
  const { items } = body as { items: { index: number; code: string; detail: string }[] };
  expect(items.map(({ index, detail }) => [index, detail.split(':')[0]])).toEqual([
    [1, 'records[1].value'],
    [2, 'records[2].name'],
    [3, 'records[3].bounds[1]'],
    [4, 'records[4].value'],
  ]);
  expect((await host.post('/metrics', { name: 'bad', type: 'speed', value: 1 })).status).toBe(400);
});
