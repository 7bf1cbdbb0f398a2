import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogRecord } from '../../core/record.ts';
import { defaultMaskSettings, type MaskSettings, mask, maskRecord, maskText, noMask } from './mask.ts';

const everything: MaskSettings = { ...defaultMaskSettings, emails: true };

function masked(text: string, settings = everything, format: 'json' | 'ndjson' = 'json') {
  const { masked: bytes, counts } = mask(Buffer.from(text), settings, format);
  return { text: Buffer.from(bytes).toString(), counts };
}

const inText = (text: string) => maskText(text, everything);
const stars = (n: number) => '*'.repeat(n);

describe('mask by the name of a field', () => {
  it('covers the value of any kind at any depth and keeps the length and the rest', () => {
    const body =
      '{"a":{"user_password" : "p\\"w\\u00e9é", "n":1.50},"api-key":12345,"x":[{"Authorization":["Bearer a",{"b":"]"}]}],"token":{}}';
    const result = masked(body);
    expect(Buffer.byteLength(result.text)).toBe(Buffer.byteLength(body));
    expect(JSON.parse(result.text)).toEqual({
      a: { user_password: stars(12), n: 1.5 },
      'api-key': 0,
      x: [{ Authorization: null }],
      token: {},
    });
    expect(result.counts).toEqual({ name: 3 });
  });

  it.each([
    'password',
    'PASSWORD',
    'dbPassword',
    'db.password',
    'X-Api-Key',
    'apiKey',
    'apikey',
    'aws_secret_access_key',
    'Set-Cookie',
    'password2',
    'pwd',
  ])('knows %s as a secret', (name) => {
    expect(JSON.parse(masked(JSON.stringify({ [name]: 'abc' })).text)).toEqual({ [name]: '***' });
  });

  it.each(['tokens', 'token_count', 'max_tokens', 'passwordLength', 'key', 'keyboard', 'cpwd', 'author', 'secretary', 'cookies_enabled'])(
    'leaves %s alone',
    (name) => {
      expect(masked(JSON.stringify({ [name]: 'abc' })).counts).toEqual({});
    },
  );

  it('leaves true, false, null and empty values, which tell nothing', () => {
    expect(masked('{"password":null,"token":true,"secret":"","cookie":[ ],"b_token":false}').counts).toEqual({});
  });

  it('covers the value of a header that is written as name and value', () => {
    expect(JSON.parse(masked('[{"name":"Authorization","value":"Basic dXNlcg=="}]').text)).toEqual([
      { name: 'Authorization', value: stars(14) },
    ]);
  });

  it('ends an open value with its line in NDJSON', () => {
    const lines = ['{"token":{"a":"s3cret1"', '{"token":"s3cret2', '{"ok":"fine"}', '{"token":["s3cret3"'];
    const result = masked(lines.join('\n'), everything, 'ndjson').text.split('\n');
    expect(result.join()).not.toContain('s3cret');
    expect(result[2]).toBe(lines[2]);
  });
});

describe('mask inside a text', () => {
  it.each([
    ['password=hunter2 next=1', `password=${stars(7)} next=1`],
    ['PASSWORD: hunter2, user: bob', `PASSWORD: ${stars(7)}, user: bob`],
    ['{"password":"hun\\"ter2","n":1}', `{"password":"${stars(11)}","n":1}`],
    ["{'token': 'abc def'}", `{'token': '${stars(7)}'}`],
    ['{"token":12345}', '{"token":0    }'],
    ['{"secret":{"a":"}"},"b":2}', '{"secret":null         ,"b":2}'],
    ['token => "a b"', `token => "${stars(3)}"`],
    ['mysql --password hunter2 -u root', `mysql --password ${stars(7)} -u root`],
    ['<wsse:Password>hunter2</wsse:Password>', `<wsse:Password>${stars(7)}</wsse:Password>`],
    ['params[password]=hunter2&x=1', `params[password]=${stars(7)}&x=1`],
    ['Authorization: Bearer abc', 'Authorization: Bearer ***'],
    ['authorization=Basic dXNlcjpwdw==', `authorization=Basic ${stars(12)}`],
    ['Cookie: sid=abc; theme=dark\nHost: a', `Cookie: ${stars(19)}\nHost: a`],
    ['line\npassword=abc\nnext', 'line\npassword=***\nnext'],
    ['password=null token: true', 'password=null token: true'],
    ['Failed password for root from 10.0.0.1', 'Failed password for root from 10.0.0.1'],
    ['unexpected tokens: 5', 'unexpected tokens: 5'],
    ['PWD=/home/bob pwd=hunter2', `PWD=/home/bob pwd=${stars(7)}`],
  ])('covers %j', (text, expected) => {
    expect(inText(text)).toBe(expected);
  });

  it.each([
    ['bearer', 'got Bearer abcdef0123456789', 'abcdef0123456789'],
    ['url_password', 'postgres://bob:s3c:r@t@db:5432/x', 's3c:r@t'],
    ['url_password', 'redis://:s3cret@cache', 's3cret'],
    ['aws_key', 'key AKIAIOSFODNN7EXAMPLE.', 'AKIAIOSFODNN7EXAMPLE'],
    ['aws_key', 'line\nASIAIOSFODNN7EXAMPLE', 'ASIAIOSFODNN7EXAMPLE'],
    ['jwt', 'jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-x_y', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln-x_y'],
    ['vendor_token', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789', 'ghp_abcdefghijklmnopqrstuvwxyz0123456789'],
    ['vendor_token', 'xoxb-1234567890-abcdef', 'xoxb-1234567890-abcdef'],
    ['vendor_token', 'sk_live_4eC39HqLyjWDarjt', 'sk_live_4eC39HqLyjWDarjt'],
    ['private_key', '-----BEGIN RSA PRIVATE KEY-----\nMIIE\nabc=\n-----END RSA PRIVATE KEY-----', '\nMIIE\nabc=\n'],
    ['card', 'paid with 4111111111111111.', '4111111111111111'],
    ['card', 'paid with\t4111-1111-1111-1111', '4111-1111-1111-1111'],
    ['card', 'amex 3782 822463 10005 ok', '3782 822463 10005'],
    ['email', 'line\nbob.smith+x@mail.example.com.', 'bob.smith+x@mail.example.com'],
  ])('covers by its look a %s in %j', (kind, text, secret) => {
    const escaped = JSON.stringify(secret).length - 2;
    const result = masked(JSON.stringify(text));
    expect(JSON.parse(result.text)).toBe(text.replace(secret, stars(escaped)));
    expect(result.counts).toEqual({ [kind]: 1 });
  });

  it.each([
    'block_id blk_4111111111111111 done',
    'order 4111111111111112',
    'x4111111111111111',
    'id=4111111111111111',
    'trace_id: 4111111111111111',
    '4111111111111111.25',
    'bearer certificates are nothing',
    'http://host:8080/a@b',
    'https://bob@host/',
    '2026-11-20 10:00:00 4 5 6 1111 22222 3333',
    'old_build_field_world_eyJust',
  ])('leaves %j alone', (text) => {
    expect(inText(text)).toBe(text);
  });

  it('covers a card number that stands as a JSON number and stays JSON', () => {
    const body = '{"card":4111111111111111,"order_id":4111111111111111,"csv":"1,4111111111111111,2"}';
    expect(JSON.parse(masked(body).text)).toEqual({ card: 0, order_id: 4111111111111111, csv: `1,${stars(16)},2` });
  });

  it('masks nothing when nothing is switched on', () => {
    const body = '{"password":"x","m":"Bearer abcdef0123456789 4111111111111111"}';
    expect(masked(body, noMask).text).toBe(body);
  });
});

describe('mask of bodies that spell ASCII as escapes', () => {
  it('finds names and values behind the escapes', () => {
    const body = '{"\\u0070assword":"x","m":"\\u0070assword\\u003dhunter2 \\u0022token\\u0022:\\u0022abc\\u0022 \\\\u0041 \\u00e9\\n"}';
    const { text, counts } = masked(body);
    expect(JSON.parse(text)).toEqual({ password: '*', m: `password=${stars(7)} "token":"***" \\u0041 é\n` });
    expect(counts).toEqual({ name: 3 });
  });

  it('makes no JSON out of what was none', () => {
    expect(masked('{\\u0022a\\u0022:1}').text).toBe('{\\u0022a\\u0022:1}');
    const lines = '{"a":"\\u0041\n{"b":"\\u0042"}';
    expect(masked(lines, everything, 'ndjson').text).toBe('{"a":"A\n{"b":"B"}');
  });

  it('reads as the same value to a JSON parser', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 2, max: 5 }), (value, every) => {
        let n = 0;
        const spelt = (c: string) => (n++ % every ? c : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
        const body = JSON.stringify(value).replace(
          /"(?:[^"\\]|\\.)*"/g,
          (s) => `"${s.slice(1, -1).replace(/\\.|[ -~]/g, (c) => (c[0] === '\\' ? c : spelt(c)))}"`,
        );
        const settings = { ...noMask, names: ['qqqqq'] };
        expect(JSON.parse(masked(body, settings).text)).toEqual(JSON.parse(body));
      }),
      { numRuns: 300 },
    );
  });
});

/** Ways of writing a secret into a text, and the kind of secret that goes there. */
const word = fc.stringMatching(/^[a-zA-Z0-9!#%*+./?@^~-]{4,24}$/).filter((s) => /[a-zA-Z]\w*\d|\d\w*[a-zA-Z]/.test(s));
const named = fc.constantFrom('password', 'client_secret', 'apiKey', 'X-Auth-Token', 'DB_PASSWORD', 'passwd');
const wrapped: fc.Arbitrary<{ text: string; secret: string }> = fc.oneof(
  fc.tuple(named, word, fc.constantFrom('=', ': ', ' = ', '=>', ':')).map(([n, s, d]) => ({ text: `${n}${d}${s}`, secret: s })),
  fc.tuple(named, word, fc.constantFrom(...[`"`, `'`])).map(([n, s, q]) => ({ text: `${n}=${q}${s} ${s}${q}`, secret: s })),
  fc.tuple(named, word, fc.integer({ min: 1, max: 3 })).map(([n, s, depth]) => {
    let text = JSON.stringify({ user: 'bob', [n]: `${s}"\\${s}`, z: 1 });
    for (let i = 1; i < depth; i++) text = JSON.stringify({ inner: text });
    return { text, secret: s };
  }),
  fc.stringMatching(/^[a-zA-Z0-9_-]{20,40}$/).map((s) => ({ text: `Bearer ${s}`, secret: s })),
  fc.stringMatching(/^[a-zA-Z0-9!*+.^~-]{6,20}$/).map((s) => ({ text: `amqp://user:${s}@host:1/v`, secret: s })),
  fc.stringMatching(/^[A-Z2-7]{16}$/).map((s) => ({ text: `AKIA${s}`, secret: s })),
  fc.stringMatching(/^[a-zA-Z0-9]{36}$/).map((s) => ({ text: `ghp_${s}`, secret: s })),
  fc.constantFrom('4111111111111111', '5555555555554444', '378282246310005', '6011111111111117').map((s) => ({ text: s, secret: s })),
);
const filler = fc
  .constantFrom('', ' ', ' and then ', '\n', '\t', ' é " \\ ', ' 2026-11-20T00:00:01.825Z ', ' | ')
  .map((s) => (s === '' ? ' ' : s));
const plain = fc.constantFrom('GET /index.html 200', 'caché "x"', 'C:\\temp\\n', '\u0001\u2028', 'user logged in', '12 of 30', '');

describe('mask of planted secrets', () => {
  it('covers every one, keeps all other values, stays JSON, and is idempotent', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            before: plain,
            gap: filler,
            planted: wrapped,
            key: named,
            keyed: word,
            n: fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e11, max: 1e11 }).map((n) => n + 0),
            tail: plain,
          }),
          { minLength: 1, maxLength: 4 },
        ),
        fc.boolean(),
        fc.nat({ max: 3 }),
        (rows, lines, shift) => {
          const records = rows.map((r) => ({
            level: 'info',
            message: `${r.before}${r.gap}${r.planted.text}`,
            attributes: { n: r.n, keep: r.before, deep: [{ [r.key]: r.keyed }] },
            tail: r.tail,
          }));
          const body = lines ? records.map((r) => JSON.stringify(r)).join('\n') : JSON.stringify(records);
          const bytes = Buffer.concat([Buffer.alloc(shift), Buffer.from(body)]).subarray(shift);
          const once = Buffer.from(mask(bytes, everything, lines ? 'ndjson' : 'json').masked);
          expect(once.length).toBe(Buffer.byteLength(body));
          const text = once.toString();
          const out = lines ? text.split('\n').map((l) => JSON.parse(l)) : JSON.parse(text);
          for (const [i, row] of rows.entries()) {
            expect(out[i].message).not.toContain(row.planted.secret);
            expect(out[i]).toEqual({
              ...records[i],
              message: out[i].message,
              attributes: { ...records[i]!.attributes, deep: [{ [row.key]: stars(row.keyed.length) }] },
            });
            expect(out[i].message.startsWith(row.before)).toBe(true);
          }
          const again = mask(Buffer.from(once), everything, lines ? 'ndjson' : 'json');
          expect(Buffer.from(again.masked).equals(once)).toBe(true);
          expect(again.counts).toEqual({});
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('covers the same in a text by itself as inside a body', () => {
    fc.assert(
      fc.property(plain, filler, wrapped, plain, (before, gap, { text, secret }, after) => {
        const whole = `${before}${gap}${text} ${after}`;
        expect(inText(whole)).toBe(JSON.parse(masked(JSON.stringify(whole)).text));
        expect(inText(whole)).not.toContain(secret);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps any JSON readable and of the same shape, whatever bytes stand around', () => {
    const bit = fc.constantFrom(
      'password',
      '"',
      '\\',
      '=',
      ':',
      '{',
      '}',
      '[',
      ']',
      ' ',
      'é',
      '\n',
      'token',
      '4111 1111 1111 1111',
      '://a:b@',
      "'",
      'x',
      '0',
      'Bearer abcdefgh1',
      '@a.de',
    );
    const text = fc.array(bit, { maxLength: 24 }).map((bits) => bits.join(''));
    // No backslash: Node 24's JSON.parse takes one escaped key for another once it has seen a key that ends in one.
    const key = fc.array(fc.constantFrom('password', 'token', '"', ' ', 'é', 'x', '0'), { maxLength: 6 }).map((bits) => bits.join(''));
    const shape = (v: unknown, name = ''): unknown =>
      v !== null && typeof v === 'object' && !/(password|token)\d*$/.test(name)
        ? Object.entries(v).map(([k, x]) => [k, shape(x, k)])
        : undefined;
    fc.assert(
      fc.property(fc.dictionary(key, fc.oneof(text, fc.array(text), fc.integer(), fc.dictionary(key, text))), (object) => {
        const once = masked(JSON.stringify(object)).text;
        expect(shape(JSON.parse(once))).toEqual(shape(object));
        expect(shape(JSON.parse(masked(once).text))).toEqual(shape(object));
      }),
      { numRuns: 1000 },
    );
  });

  it('never fails on bytes that are no JSON', () => {
    const bit = fc.constantFrom(
      'password',
      'token',
      '"',
      '\\',
      '\\u00',
      '\\u0041',
      '=',
      ':',
      '{',
      '[',
      '\n',
      '4111111111111111',
      'eyJ',
      '-----BEGIN PRIVATE KEY-----',
      '\xff',
    );
    fc.assert(
      fc.property(fc.array(bit, { maxLength: 30 }), (bits) => {
        const { masked: once } = mask(Buffer.from(bits.join(''), 'latin1'), everything, 'ndjson');
        expect(once.length).toBeLessThanOrEqual(bits.join('').length);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('mask of hostile bodies', () => {
  const megabyte = (part: string) => part.repeat(Math.ceil(2 ** 20 / part.length));
  it.each(
    [
      '1',
      '1 ',
      '1111 ',
      '4111 1111 1111 1111 ',
      '4111111111111111 ',
      ' ',
      '-',
      'eyJ',
      'eyJ-',
      'ghp_',
      '-ghp_',
      'token.-',
      'token:[',
      'token:[\\"',
      'token={',
    ].concat([
      'token=',
      'bearer ',
      '://a:',
      '@',
      'a@',
      'a@a.',
      '\\\\',
      '\\"token\\":',
      'api_____key',
      'PRIVATE KEY',
      '-----BEGIN PRIVATE KEY-----',
      '\\u0041',
    ]),
  )('takes time in proportion to their length: %j', (part) => {
    const inText = `{"m":"${megabyte(part)}"}`;
    const start = process.cpuUsage();
    mask(Buffer.from(inText), everything);
    const { user, system } = process.cpuUsage(start);
    expect((user + system) / 1e6).toBeLessThan(3);
  });

  it.each(['{"token":[', '{"token":[\n', '"token","', '{"token":"', '{"a":4111111111111111}', '"a token",'])(
    'takes time in proportion to their length: %j again and again',
    (part) => {
      for (const format of ['json', 'ndjson'] as const) {
        const start = process.cpuUsage();
        mask(Buffer.from(megabyte(part)), everything, format);
        const { user, system } = process.cpuUsage(start);
        expect((user + system) / 1e6).toBeLessThan(3);
      }
    },
  );
});

describe('maskRecord', () => {
  const record = (): LogRecord => ({
    ...{ timestamp: 1, timestamp_ns: 0, observed_timestamp: 1, level: 'info', severity: 9, service: 'a', env: undefined, host: undefined },
    ...{ trace_id: undefined, span_id: undefined, client_id: undefined, message: 'token=abc' },
    attributes: { 'db.password': 'x y', pin_token: 12, note: 'Bearer abcdef0123456789', ok: true, n: 4 },
  });

  it('covers attributes by name and texts by pattern', () => {
    const r = record();
    expect(maskRecord(r, defaultMaskSettings)).toBe(4);
    expect(r).toEqual({
      ...record(),
      message: 'token=***',
      attributes: { 'db.password': '***', pin_token: 0, note: `Bearer ${stars(16)}`, ok: true, n: 4 },
    });
    expect(maskRecord(r, defaultMaskSettings)).toBe(0);
  });

  it('looks only at the attributes that changed when it is told them', () => {
    const r = record();
    expect(maskRecord(r, defaultMaskSettings, ['db.password'])).toBe(1);
    expect(r.message).toBe('token=abc');
  });
});
