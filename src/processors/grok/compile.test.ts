import { expect, test } from 'vitest';
import { compileGrok } from './compile.ts';
import { grokPatterns } from './patterns.ts';

const captured = (expression: string, text: string, definitions = {}): Record<string, unknown> | undefined => {
  const { pattern, captures } = compileGrok(expression, definitions);
  const groups = pattern.exec(text)?.groups;
  return (
    groups &&
    Object.fromEntries(captures.filter(({ group }) => groups[group] !== undefined).map((c) => [c.field, c.convert(groups[c.group]!)]))
  );
};

test('every known pattern compiles within the bounds for patterns of users', () => {
  for (const name of grokPatterns.keys()) expect(compileGrok(`%{${name}}`).pattern).toBeInstanceOf(RegExp);
});

/** A text that the whole of each pattern takes, and one that it does not. */
test.each([
  ['EMAILADDRESS', 'a.b+c@example.org', 'a.b'],
  ['NUMBER', '-12.5', '-'],
  ['BASE16NUM', '0xFF', '0xG'],
  ['UUID', '123e4567-e89b-12d3-a456-426614174000', '123e4567'],
  ['MAC', '00:1A:2b:3c:4d:5e', '00:1A'],
  ['IP', '203.0.113.9', '203.0.113'],
  ['IP', '2001:db8::1', 'db8'],
  ['IP', '::ffff:10.0.0.1', 'x'],
  ['HOSTPORT', 'db-1.internal:5432', 'db-1.internal'],
  ['UNIXPATH', '/var/log/syslog', 'var'],
  ['WINPATH', 'C:\\logs\\a.txt', 'C:'],
  ['URI', 'https://user:pw@example.org:8443/a/b?c=d', 'example.org'],
  ['QUOTEDSTRING', '"a b"', '"a'],
  ['MONTH', 'November', 'Nvm'],
  ['TIMESTAMP_ISO8601', '2026-11-20T10:00:00.123+01:00', '2026-11'],
  ['TIMESTAMP_ISO8601', '2026-11-20 10:00:00,123', '10:00'],
  ['HTTPDATE', '20/Nov/2026:00:00:01 +0000', '20/Nov'],
  ['SYSLOGTIMESTAMP', 'Nov  3 00:00:01', 'Nov'],
  ['DATESTAMP', '20.11.2026 10:00:00', '20.11'],
  ['LOGLEVEL', 'WARNING', 'LOUD'],
  ['JAVACLASS', 'com.acme.Main$1', '1'],
  ['TTY', '/dev/pts/8', '/dev/x'],
])('%s takes %j and not %j', (name, yes, no) => {
  const { pattern } = compileGrok(`^%{${name}}$`);
  expect([pattern.test(yes), pattern.test(no)]).toEqual([true, false]);
});

test('reads a combined access line and a syslog line', () => {
  const line = '203.0.113.9 - - [20/Nov/2026:00:00:01 +0000] "GET /a HTTP/1.1" 200 12 "-" "curl/8"';
  expect(captured('^%{COMBINEDAPACHELOG}', line)).toMatchObject({
    client_ip: '203.0.113.9',
    method: 'GET',
    status: 200,
    bytes: 12,
    user_agent: 'curl/8',
  });
  expect(captured('^%{SYSLOGBASE} %{GREEDYDATA:message}', 'Nov 20 00:00:01 web sshd[12]: closed')).toEqual({
    timestamp: 'Nov 20 00:00:01',
    host: 'web',
    program: 'sshd',
    pid: 12,
    message: 'closed',
  });
});

test('takes named groups, fields in brackets and conversions that fail', () => {
  expect(captured('(?<verb>\\w+) %{WORD:[http][path]} %{NOTSPACE:n:int}', 'GET x y')).toEqual({ verb: 'GET', 'http.path': 'x', n: 'y' });
});

test.each([
  ['%{NOPE}', {}, 'not known'],
  ['%{WORD:a:date}', {}, 'converts to date'],
  ['%{A}', { A: '%{B}', B: '%{A}' }, 'contains itself'],
  ['%{WORD', {}, 'cannot be read'],
  ['(%{WORD} )+x', {}, 'repeats a group'],
  ['%{__proto__}', {}, 'not known'],
])('refuses %s', (expression, definitions, why) => {
  expect(() => compileGrok(expression, definitions)).toThrow(why);
});
