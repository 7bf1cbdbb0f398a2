import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { normalise } from '../core/normalise.ts';
import type { LogRecord, Outcome } from '../core/record.ts';
import { processConfig } from '../processors/registry.ts';
import { formOf } from './auto-parse.ts';
import { createProcess, type Process, type ProcessContext } from './process.ts';

const observedUs = Date.UTC(2026, 10, 21) * 1000;
const context: ProcessContext = { tenant: 'acme', position: { generation: 1, partition: 0, offset: 3 } };
const processOf = (config?: unknown): Process => createProcess(processConfig.parse(config));
const recordOf = (raw: unknown): LogRecord =>
  normalise(raw, { tenant: 'acme', observedUs, defaults: {}, hash: (text) => text }) as LogRecord;
const kept = (outcome: Outcome): LogRecord => {
  if (outcome.kind !== 'keep') throw new Error(JSON.stringify(outcome));
  return outcome.record;
};

const auto = processOf();
const trace = 'Error: no\n    at f (/a.js:1:1)';

describe('automatic parsing', () => {
  test.each([
    ['{"a":1}', 'parse-json'],
    ['<34>Oct 11 22:14:15 mymachine su: failed', 'parse-syslog'],
    ['Oct 11 22:14:15 mymachine su: failed', 'parse-syslog'],
    ['2026-11-20T10:00:00.123456+01:00 web sshd[1]: closed', 'parse-syslog'],
    ['level=info msg=x', 'parse-logfmt'],
    ['::1 - - [20/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 404 12', 'parse-access-log'],
    ['GET /a?b=c HTTP/1.1 200', undefined],
    ['"a"=1', undefined],
    ['', undefined],
    ['x'.repeat(1_000), undefined],
  ])('takes %j for %s', (message, form) => {
    expect(formOf(message)).toBe(form);
  });

  test('leaves plain text, and what only looks like a form, the same object', () => {
    for (const message of [
      'plain',
      'Oct 32 22:14:15 host su: x',
      '<999>x',
      '{a}',
      'a=1',
      'a - b',
      'a - - [x] "GET"',
      '2026-11-20T25:00:00.1+01:00 INFO main: up',
    ]) {
      const record = recordOf({ message, level: 'info' });
      expect(kept(auto(record, context))).toBe(record);
    }
  });

  test("takes an application's own line for one where it is none of syslog", () => {
    const message = '2026-11-20T10:00:00.1+01:00 ERROR main: down';
    const record = kept(auto(recordOf({ message }), context));
    expect(record).toMatchObject({ message, timestamp: Date.UTC(2026, 10, 20, 9, 0, 0, 100) * 1000, level: 'error', severity: 17 });
  });

  test('unwraps a line that a container runtime put into JSON', () => {
    const line = '203.0.113.9 - - [20/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 500 12';
    const record = kept(auto(recordOf({ message: JSON.stringify({ log: line, stream: 'stdout' }) }), context));
    expect(record).toMatchObject({ message: line, level: 'error', attributes: { stream: 'stdout', status: 500 } });
  });

  test('names the exception of a trace within JSON and behind a syslog header', () => {
    const inJson = kept(auto(recordOf({ message: JSON.stringify({ msg: trace }) }), context));
    const inSyslog = kept(auto(recordOf({ message: `<11>Nov 20 10:00:00 web app[1]: died\n${trace}` }), context));
    expect(inJson).toMatchObject({ message: trace, level: 'error', attributes: { 'exception.type': 'Error', 'exception.message': 'no' } });
    expect(inSyslog).toMatchObject({ service: 'app', attributes: { procid: 1, 'exception.type': 'Error' } });
  });

  test('leaves JSON alone that is nested too deep to be read', () => {
    const record = recordOf({ message: `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`, level: 'info' });
    expect(kept(auto(record, context))).toBe(record);
  });

  test('can be switched off', () => {
    const record = recordOf({ message: '{"a":1}', level: 'info' });
    expect(kept(processOf({ parse: 'off' })(record, context))).toBe(record);
  });
});

describe('laws', () => {
  const heads = [
    '',
    '{',
    '{"a":',
    '<34>',
    '<34>1 ',
    'Oct 11 22:14:15 ',
    'a=1 b=',
    '::1 - - [20/Nov/2026:00:00:01 +0000] "',
    'panic: ',
    `${trace}\n`,
    'Traceback (most recent call last):\n',
  ];
  const tails = ['', '}', '"', '"}', '\\', ' 200 1', '\n\tat x', '\ngoroutine 1 [x]:', ']', ' - - - -'];
  const message = fc
    .tuple(fc.constantFrom(...heads), fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.json()), fc.constantFrom(...tails))
    .map((parts) => parts.join(''));

  test('any message is kept, and what the sender said with it', () => {
    fc.assert(
      fc.property(message, fc.boolean(), (text, isBare) => {
        const raw = {
          message: text,
          ...(isBare
            ? {}
            : { timestamp: '2026-11-20T00:00:00Z', level: 'debug', service: 's', host: 'h', attributes: { status: 'own', a: 'own' } }),
        };
        const given = recordOf(raw);
        const before = structuredClone(given);
        const after = kept(auto(given, context));
        expect(given).toEqual(before);
        expect(Object.keys(after)).toEqual(Object.keys(before));
        expect(after.severity).toBeGreaterThan(0);
        if (!isBare)
          expect(after).toMatchObject({
            timestamp: given.timestamp,
            level: 'debug',
            service: 's',
            host: 'h',
            attributes: given.attributes,
          });
      }),
      { numRuns: 2_000 },
    );
  });

  test('what was processed once stays as it is, unless its message was replaced', () => {
    fc.assert(
      fc.property(message, (text) => {
        const once = kept(auto(recordOf({ message: text }), context));
        if (once.message === text) expect(kept(auto(once, context))).toEqual(once);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('steps', () => {
  test('run in order behind the parsing, each under its condition', () => {
    const run = processOf({
      steps: [
        { use: 'labels', set: { team: 'web' }, when: { field: 'status', equals: 200 } },
        { use: 'drop', when: { field: 'team', equals: 'web' } },
      ],
    });
    const line = (status: number): LogRecord => recordOf({ message: `::1 - - [20/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" ${status} 12` });
    expect(run(line(200), context)).toEqual({ kind: 'drop', reason: 'rule' });
    expect(run(line(201), context).kind).toBe('keep');
  });

  test('sampling says so, and decides the same way each time', () => {
    const run = processOf({ steps: [{ use: 'sample', keep: 0.5 }] });
    const decide = (): Outcome['kind'][] =>
      Array.from(
        { length: 200 },
        (_, offset) => run(recordOf({ message: 'x' }), { tenant: 'acme', position: { generation: 1, partition: 0, offset } }).kind,
      );
    expect(decide()).toEqual(decide());
    expect(new Set(decide())).toEqual(new Set(['keep', 'drop']));
    expect(processOf({ steps: [{ use: 'sample', keep: 0 }] })(recordOf({ message: 'x' }), context)).toEqual({
      kind: 'drop',
      reason: 'sampled',
    });
  });

  test('a step that fails makes the record dead, not the batch', () => {
    const broken = Object.defineProperty({ ...recordOf({ message: 'x' }) }, 'message', {
      get: () => {
        throw new Error('boom');
      },
    }) as LogRecord;
    expect(auto(broken, context)).toEqual({ kind: 'dead', code: 'PROCESS_FAILED', detail: 'auto failed: boom' });
  });

  test('a step that sets a record aside gives it a code of its own, and a cause that groups', () => {
    const steps = [{ use: 'require', fields: ['order.id'], that: { field: 'total', equals: 3 }, reason: 'no such total' }];
    const outcome = (raw: unknown) => processOf({ steps })(recordOf(raw), context);
    expect(outcome({ total: 3 })).toEqual({ kind: 'dead', code: 'REQUIRED_FIELD_MISSING', detail: 'the field order.id is missing' });
    expect(outcome({ order: { id: 'a' }, total: '3' })).toEqual({ kind: 'dead', code: 'REQUIREMENT_NOT_MET', detail: 'no such total' });
    expect(outcome({ order: { id: 'a' }, total: 3 }).kind).toBe('keep');
    expect(() => processOf({ steps: [{ use: 'require' }] })).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
  });

  test('masks again only what parsing changed', () => {
    const maskRecord = (record: LogRecord): LogRecord => ({ ...record, attributes: { ...record.attributes, password: '***' } });
    const parsed = kept(auto(recordOf({ message: 'user=a password=b' }), { ...context, maskRecord }));
    expect(parsed.attributes).toEqual({ user: 'a', password: '***' });
    expect(kept(auto(recordOf({ message: 'plain' }), { ...context, maskRecord })).attributes).toEqual({});
  });

  test.each([
    [{ steps: [{ use: 'nope' }] }],
    [{ steps: [{ use: 'drop' }] }],
    [{ steps: [{ use: 'sample', keep: 2 }] }],
    [{ steps: [{ use: 'labels', set: { a: 1 }, wen: { field: 'a', equals: 1 } }] }],
    [{ parse: 'maybe' }],
    [{ version: 0 }],
    [{ parser: 'auto' }],
  ])('%j is refused', (config) => {
    expect(processConfig.safeParse(config).success).toBe(false);
  });
});

test('a hostile text does not hold up a pattern of a user', () => {
  const run = processOf({
    steps: [
      { use: 'grok', pattern: '%{DATA:a} %{DATA:b} %{DATA:c} %{DATA:d}!!' },
      { use: 'drop', when: { field: 'message', matches: '\\w+.*\\w+.*\\w+.*!$' } },
      { use: 'grok', pattern: '%{COMBINEDAPACHELOG}' },
      { use: 'grok', pattern: '%{URI:u}!!' },
    ],
  });
  const texts = ['a '.repeat(8_000), 'a'.repeat(16_000), `${'1.'.repeat(8_000)}`, '::'.repeat(8_000), `http://${'a:'.repeat(8_000)}`];
  const startedMs = performance.now();
  for (const message of texts) expect(run(recordOf({ message }), context).kind).toBe('keep');
  expect(performance.now() - startedMs).toBeLessThan(5_000);
});
