import { expect, test } from 'vitest';
import { manualClock } from '../../core/clock.ts';
import { stderrLog } from './stderr.ts';

const clock = manualClock(Date.UTC(2026, 10, 21, 8));

function capture(options: Parameters<typeof stderrLog>[0]) {
  const lines: string[] = [];
  return { log: stderrLog({ clock, write: (text) => void lines.push(text), ...options }), lines };
}

test('a line is a JSON object with the vocabulary names, and a child log adds its fields', () => {
  const { log, lines } = capture({ format: 'json' });
  log.with({ request_id: 'r-1' }).info({ tenant: 'acme', n: 3n }, 'batch accepted');
  expect(lines).toHaveLength(1);
  expect(lines[0]!.endsWith('\n')).toBe(true);
  expect(JSON.parse(lines[0]!)).toEqual({
    timestamp: '2026-11-21T08:00:00.000Z',
    level: 'info',
    service: 'logdrive',
    message: 'batch accepted',
    request_id: 'r-1',
    tenant: 'acme',
    n: '3',
  });
});

test('lines below the level are left out', () => {
  const { log, lines } = capture({ format: 'json', level: 'warn' });
  log.info({}, 'quiet');
  log.error({}, 'loud');
  expect(lines.map((line) => JSON.parse(line).message)).toEqual(['loud']);
  expect([log.keeps('info'), log.keeps('error')]).toEqual([false, true]);
});

test('an error keeps its stack and the stack of its cause', () => {
  const { log, lines } = capture({ format: 'json' });
  log.error({ error: new Error('outer', { cause: new TypeError('inner') }) }, 'broke');
  const line = JSON.parse(lines[0]!);
  expect(line['error.message']).toBe('outer');
  expect(line['error.stack']).toMatch(/outer[\s\S]+caused by TypeError: inner/);
});

test('a field that JSON cannot spell costs the fields, not the line', () => {
  const { log, lines } = capture({ format: 'json' });
  const loop: Record<string, unknown> = {};
  loop.self = loop;
  log.warn({ loop }, 'odd field');
  expect(JSON.parse(lines[0]!)).toMatchObject({ message: 'odd field', fields: ['loop'] });
});

test('a line for a person has the phrase, the pairs and the stack below', () => {
  const { log, lines } = capture({ format: 'pretty' });
  log.warn({ tenant: 'acme', path: 'a b', error: new Error('lost') }, 'append retried');
  expect(lines[0]).toMatch(/08:00:00\.000.*warn .*append retried.*tenant=acme path="a b".*\n.*Error: lost/s);
});
