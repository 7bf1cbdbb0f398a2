import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cellOf, dayOf, indexName, mayHold, parseIndexName } from './index-name.ts';

const tenant = fc.stringMatching(/^[a-z0-9-]{1,40}$/);

test('a name says its cell and day, and only names of ours are read', () => {
  const name = indexName({ cell: '3of8', day: '2026-11-21' }, 'staging-');
  expect(name).toBe('staging-logs.3of8.2026-11-21');
  expect(parseIndexName(name, 'staging-')).toEqual({ cell: '3of8', day: '2026-11-21' });
  for (const other of ['logs.3of8.2026-11-21', 'staging-logs.*.2026-11-21', 'staging-logs.3of8', 'staging-logs.x.2026-11-21', '.kibana']) {
    expect(parseIndexName(other, 'staging-')).toBeUndefined();
  }
});

test('every tenant is found in the cell it is written to, also after the number of cells has changed', () => {
  fc.assert(
    fc.property(tenant, fc.integer({ min: 1, max: 64 }), fc.boolean(), (name, cells, isOwn) => {
      const cell = cellOf(name, { prefix: '', cells, ownCells: isOwn ? [name] : [] });
      expect(mayHold(cell, name)).toBe(true);
      expect(parseIndexName(indexName({ cell, day: '2026-11-21' }, ''), '')).toEqual({ cell, day: '2026-11-21' });
    }),
  );
});

test('tenants spread over their cells, and never look into the own cell of another', () => {
  const cells = new Set(Array.from({ length: 200 }, (_, i) => cellOf(`tenant-${i}`, { prefix: '', cells: 8, ownCells: [] })));
  expect(cells.size).toBe(8);
  expect(mayHold('t-acme', 'acm')).toBe(false);
});

test('the observed day is that of UTC', () => {
  expect(dayOf(Date.UTC(2026, 10, 21, 23, 59, 59, 999) * 1000 + 999)).toBe('2026-11-21');
  expect(dayOf(0)).toBe('1970-01-01');
});
