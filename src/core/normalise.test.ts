import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExactly } from './exact-json.ts';
import { normalise } from './normalise.ts';
import { normaliseAny } from './normalise-any.ts';
import type { NormaliseContext } from './normalise-context.ts';
import type { LogRecord } from './record.ts';
import { recordAliases } from './record-aliases.ts';
import { check, RecordFault } from './record-fault.ts';
import { newRecordScan, scanRecord } from './record-scan.ts';
import { recordInput } from './record-schema.ts';
import { formatTime } from './time.ts';

const observedUs = Date.UTC(2026, 10, 20) * 1000;
const unknown: (string | number)[] = [];
const context: NormaliseContext = {
  tenant: 'acme',
  observedUs,
  defaults: {},
  hash: (text) => `hash of ${text}`,
  unknownLevel: (level) => unknown.push(level),
};

/** A record of JSON text, as it would be kept. */
function recordOf(json: string, over: Partial<NormaliseContext> = {}): LogRecord {
  const record = normalise(parseExactly(json), { ...context, ...over });
  if (record instanceof RecordFault) throw new Error(record.detail);
  return record;
}

const hex = '7ca854e98f4c1ab71a9785ed7877b4af';
const names = fc.constantFrom(...Object.values(recordAliases).flat(), 'attributes', 'pid', 'a.b', '__proto__', 'constructor', '');
const times = fc.constantFrom(
  '2026-11-19T00:00:01.825Z',
  '2026-11-19 10:00:00',
  'yesterday',
  '',
  1795046400,
  Number.POSITIVE_INFINITY,
  -1,
  '2029-01-01T00:00:00Z',
);
const scalars = fc.oneof(
  fc.constantFrom('INFO', 'error', 'loud', hex, hex.slice(16), '', '0'.repeat(32)),
  fc.string(),
  fc.integer(),
  fc.boolean(),
);
const plain = fc.oneof(scalars, fc.double({ noDefaultInfinity: true, noNaN: true }), fc.constant(null), times);
const nested = fc.oneof(
  { weight: 4, arbitrary: plain },
  fc.array(plain, { maxLength: 2 }),
  fc.dictionary(fc.constantFrom('name', 'id', 'level', 'x', '__proto__', 'trace_id', 'span_id'), plain, { maxKeys: 3 }),
);
/** Anything a JSON body may hold, mostly objects with names that mean something; as `JSON.parse` makes it. */
const raws = fc
  .oneof({ weight: 9, arbitrary: fc.array(fc.tuple(names, nested), { maxLength: 6 }) }, fc.array(plain, { maxLength: 2 }))
  .map((members) => {
    if (!members.every((member) => Array.isArray(member))) return JSON.stringify(members[0] ?? []);
    return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value === Infinity ? '1e400' : JSON.stringify(value)}`).join(',')}}`;
  });

/** Records in the product's own words, as the fast way takes them, and a little beyond. */
const common = fc
  .record(
    {
      timestamp: times,
      level: fc.constantFrom('info', 'ERROR', 'Warn', 'loud'),
      service: fc.constantFrom('api', ''),
      env: fc.constantFrom('prod', 'staging'),
      host: fc.string(),
      message: fc.string(),
      trace_id: fc.constantFrom(hex, hex.toUpperCase()),
      attributes: fc.dictionary(fc.constantFrom('status', 'path', 'trace_id', 'span_id', '__proto__', 'toString'), plain, { maxKeys: 5 }),
    },
    { requiredKeys: [] },
  )
  .map((value) => JSON.stringify(value));

describe('normalise', () => {
  it('accepts exactly what check accepts, in the common way and the other, and what the schema says', () => {
    fc.assert(
      fc.property(fc.oneof(raws, common), (json) => {
        const fault = check(JSON.parse(json));
        const made = normalise(JSON.parse(json), context);
        expect(made instanceof RecordFault).toBe(fault !== undefined);
        if (String(Object.keys(JSON.parse(json) ?? {})) !== '__proto__')
          expect(recordInput.safeParse(JSON.parse(json)).success).toBe(fault === undefined);
      }),
      { numRuns: 3000 },
    );
  });

  it('makes the same record in the common way and the other', () => {
    fc.assert(
      fc.property(fc.oneof(raws, common, common), (json) => {
        expect(normalise(JSON.parse(json), context)).toEqual(normaliseAny(JSON.parse(json), context));
      }),
      { numRuns: 3000 },
    );
  });

  it('is surely accepted where the scan of its bytes says so', () => {
    const scan = newRecordScan();
    fc.assert(
      fc.property(fc.oneof(raws, common), fc.boolean(), (json, escaped) => {
        const text = escaped ? json.replace('"t', '"\\u0074') : json;
        const bytes = Buffer.from(text);
        expect(scanRecord(bytes, 0, bytes.length, scan)).toBe(bytes.length);
        if (scan.sure) expect(check(JSON.parse(text))).toBeUndefined();
      }),
      { numRuns: 3000 },
    );
  });

  it('keeps to the shape: six levels, times in bounds, flat attributes of finite numbers, texts and booleans', () => {
    fc.assert(
      fc.property(raws, (json) => {
        const made = normalise(JSON.parse(json), context);
        if (made instanceof RecordFault) return;
        expect(Object.keys(made)).toEqual(Object.keys(recordOf('{"message":"x"}')));
        expect(Number.isSafeInteger(made.timestamp) && made.timestamp <= observedUs + 24 * 3600e6).toBe(true);
        expect(made.severity >= 0 && made.severity <= 24).toBe(true);
        for (const value of Object.values(made.attributes)) {
          expect(['string', 'boolean'].includes(typeof value) || Number.isFinite(value)).toBe(true);
        }
        expect(Object.getPrototypeOf(made.attributes)).toBe(Object.prototype);
      }),
      { numRuns: 1000 },
    );
  });

  it('takes the common shape as it is', () => {
    const record = recordOf(
      `{"timestamp":"2026-11-19T00:00:01.825Z","level":"warn","service":"api","env":"prod","host":"h1","message":"m","attributes":{"status":200,"ok":true,"trace_id":"${hex}"}}`,
    );
    expect(record).toEqual({
      timestamp: Date.UTC(2026, 10, 19, 0, 0, 1, 825) * 1000,
      timestamp_ns: 0,
      observed_timestamp: observedUs,
      level: 'warn',
      severity: 13,
      service: 'api',
      env: 'prod',
      host: 'h1',
      message: 'm',
      trace_id: hex,
      span_id: undefined,
      attributes: { status: 200, ok: true },
      client_id: undefined,
    });
  });

  it.each([
    [
      'pino',
      '{"level":30,"time":1795046401825,"pid":7,"hostname":"h","msg":"m"}',
      { level: 'info', host: 'h', message: 'm', attributes: { pid: 7 } },
    ],
    [
      'Elastic Common Schema',
      `{"@timestamp":"2026-11-19T00:00:01.825Z","log":{"level":"ERROR","logger":"x"},"service":{"name":"api"},"host":{"name":"h","ip":["::1"]},"trace":{"id":"${hex.toUpperCase()}"},"message":"m"}`,
      { level: 'error', service: 'api', host: 'h', trace_id: hex, attributes: { 'log.logger': 'x', 'host.ip': '["::1"]' } },
    ],
    [
      'OpenTelemetry',
      `{"timestamp":1795046401825000000,"severityText":"WARN","severityNumber":14,"body":"m","traceId":"${hex}","spanId":"${hex.slice(16)}","attributes":{"http":{"status":200}}}`,
      { level: 'warn', severity: 14, message: 'm', trace_id: hex, span_id: hex.slice(16), attributes: { 'http.status': 200 } },
    ],
    [
      'journald',
      '{"PRIORITY":"3","__REALTIME_TIMESTAMP":"1795046401825000","MESSAGE":"m","_HOSTNAME":"h"}',
      { level: 'error', host: 'h', message: 'm' },
    ],
    ['structlog', '{"event":"m","ts":"2026-11-19 00:00:01,825","levelno":30}', { message: 'm', level: 'warn' }],
    ['Fluent Bit', '{"date":1795046401.825,"log":"m","severity":"17"}', { message: 'm', level: 'error', severity: 17 }],
  ])('understands %s', (_, json, expected) => {
    const record = recordOf(json);
    expect(record).toMatchObject(expected);
    expect(formatTime(record.timestamp)).toBe('2026-11-19T00:00:01.825Z');
  });

  it('takes the strongest name of a field and keeps the others as attributes', () => {
    expect(recordOf('{"msg":"b","log":"c","message":"a","source":"s","app":"x","host":5}')).toMatchObject({
      message: 'a',
      service: 'x',
      host: '5',
      attributes: { msg: 'b', log: 'c', source: 's' },
    });
  });

  it('takes the time of observation where there is none, and where a clock runs more than a day ahead, whose time it keeps', () => {
    expect(recordOf('{"message":"x","timestamp":null}')).toMatchObject({ timestamp: observedUs, attributes: {} });
    const ahead = '2026-11-21T00:00:00.001Z';
    expect(recordOf(`{"timestamp":"${ahead}"}`)).toMatchObject({ timestamp: observedUs, attributes: { timestamp_original: ahead } });
    expect(recordOf('{"timestamp":"2026-11-21T00:00:00Z"}').timestamp).toBe(observedUs + 24 * 3600e6);
  });

  it('names the place of what cannot be used, and what to do', () => {
    expect(check({ timestamp: 'yesterday' })).toEqual(
      new RecordFault('timestamp', 'INVALID_TIMESTAMP', '"yesterday" is not a time; give RFC 3339 or epoch'),
    );
    expect(check({ ts: 'x'.repeat(1000) })?.detail.length).toBeLessThan(120);
    expect([check(5), check(null), check([1]), check('x')].map((fault) => fault?.code)).toEqual(Array(4).fill('NOT_AN_OBJECT'));
    expect(check({})?.code).toBe('EMPTY_RECORD');
    expect(check({ timestamp: { seconds: 1 } })?.path).toBe('timestamp');
    expect(check({ time: { seconds: 1 } })).toBeUndefined();
    expect(check({ timestamp: '2026-11-19T00:00:00Z', time: '5ms' })).toBeUndefined();
  });

  it('keeps a level never heard of as an attribute and tells of it', () => {
    unknown.length = 0;
    expect(recordOf('{"level":"loud","message":"x"}')).toMatchObject({ level: 'info', severity: 9, attributes: { level: 'loud' } });
    expect(recordOf('{"level":{"a":1},"message":"x"}')).toMatchObject({ level: 'info', severity: 0, attributes: { 'level.a': 1 } });
    expect(unknown).toEqual(['loud']);
  });

  it('keeps level and severity of one mind', () => {
    expect(recordOf('{"level":"error","severity_number":18}')).toMatchObject({ level: 'error', severity: 18, attributes: {} });
    expect(recordOf('{"level":"error","severity_number":9}')).toMatchObject({
      level: 'error',
      severity: 17,
      attributes: { severity_number: 9 },
    });
    expect(recordOf('{"severity":"CRITICAL"}')).toMatchObject({ level: 'fatal', severity: 21 });
  });

  it('keeps keys that are dangerous elsewhere as plain attributes, and pollutes nothing', () => {
    const record = recordOf(
      '{"message":"x","__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":2}},"attributes":{"__proto__":"y"}}',
    );
    expect(Object.entries(record.attributes)).toEqual([
      ['__proto__.polluted', 1],
      ['constructor.prototype.polluted', 2],
      ['__proto__', 'y'],
    ]);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(record.attributes)).toBe(Object.prototype);
  });

  it('flattens objects, keeps arrays as JSON text, drops null, takes the last of a key', () => {
    const record = recordOf('{"a":{"b":{"c":1,"d":null}},"e":[1,{"f":2}],"g":null,"h":1,"h":2,"message":{"k":[1]}}');
    expect(record).toMatchObject({ message: '{"k":[1]}' });
    expect(record.attributes).toEqual({ 'a.b.c': 1, e: '[1,{"f":2}]', h: 2 });
  });

  it('bounds what flattening can add: long or deep keys end in JSON text', () => {
    const long = 'k'.repeat(300);
    expect(
      Object.keys(recordOf(`{"${long}":{"${long}":{"x":1}},"m":{"${long}":{"y":1}}}`).attributes).every((key) => key.length <= 302),
    ).toBe(true);
    const deep = `${'{"a":'.repeat(100)}1${'}'.repeat(100)}`;
    const [[key, value]] = Object.entries(recordOf(deep).attributes) as [[string, string]];
    expect(key.split('.').length).toBe(32);
    expect(value.startsWith('{"a":{')).toBe(true);
  });

  it('takes ids only in their form, and defaults from the request', () => {
    expect(recordOf(`{"trace_id":"${'0'.repeat(32)}","span_id":"1","message":"x"}`)).toMatchObject({
      trace_id: undefined,
      attributes: { trace_id: '0'.repeat(32), span_id: '1' },
    });
    expect(recordOf('{"message":"x"}', { defaults: { service: 's', env: 'e', host: 'h' } })).toMatchObject({
      service: 's',
      env: 'e',
      host: 'h',
    });
    expect(recordOf('{"message":"x","service":""}').service).toBe('unknown');
    expect(recordOf('{"id":7}').client_id).toBe('hash of acme\u00007');
    expect(recordOf('{"id":true}')).toMatchObject({ client_id: undefined, attributes: { id: true } });
  });
});
