import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConsoleNotifier } from '../../src/adapters/notify/console/console-notifier.ts';
import { SlackNotifier } from '../../src/adapters/notify/slack/slack-notifier.ts';
import { WebhookNotifier } from '../../src/adapters/notify/webhook/webhook-notifier.ts';
import { manualClock } from '../../src/core/clock.ts';
import { type LogFields, silentLog } from '../../src/core/ports/log.ts';
import type { Notification, Notifier } from '../../src/core/ports/notifier.ts';

const notification: Notification = {
  subject: 'open offset older than 5 min <hot>',
  text: 'partition 3 stands at 1,200 & waits',
  severity: 'critical',
  links: [{ title: 'runbook', url: 'https://docs.example/runbook?a=1&b=2' }],
  dedupKey: 'alarm/hot-lag/ä',
};
const secretPath = '/services/T0/B0/verysecret';

let server: Server;
let seen: { headers: IncomingHttpHeaders; body: string }[];
/** What to answer, one after the other, then 200; 'hang' never answers, 'break' ends the connection. */
let answers: (number | 'hang' | 'break' | { status: number; headers: Record<string, string> })[];
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}${secretPath}`;
const quick = { timeoutMs: 200, attempts: 3, pause: { baseMs: 1, maxMs: 2 } };

beforeEach(async () => {
  seen = [];
  answers = [];
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ headers: request.headers, body });
    const answer = answers.shift() ?? 200;
    if (answer === 'break') request.socket.destroy();
    else if (typeof answer === 'object') response.writeHead(answer.status, answer.headers).end('no');
    else if (answer !== 'hang') response.writeHead(answer).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const channels: [name: string, open: () => Notifier][] = [
  ['webhook', () => new WebhookNotifier({ url: url(), ...quick, secret: 'signing' })],
  ['Slack', () => new SlackNotifier({ url: url(), ...quick })],
];

describe.each(channels)('%s', (_, open) => {
  test('delivers again after what may pass, with the same body', async () => {
    answers = ['break', 503];
    await open().notify(notification);
    expect(seen).toHaveLength(3);
    expect(new Set(seen.map(({ body }) => body)).size).toBe(1);
  });

  test('waits no longer than its time for an answer', async () => {
    answers = ['hang'];
    await open().notify(notification);
    expect(seen).toHaveLength(2);
  });

  test('heeds how long it is told to wait', async () => {
    answers = [{ status: 429, headers: { 'retry-after': '1' } }];
    const startedMs = performance.now();
    await open().notify(notification);
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
  });

  test.each([[[503, 500, 429]], [['hang', 'hang', 'break']]] as const)(
    'gives up after its attempts (%j), and tells no secret',
    async (given) => {
      answers = [...given];
      const error = await open()
        .notify(notification)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'CHANNEL_UNAVAILABLE', retryable: true });
      expect(JSON.stringify([error, String(error), (error as Error).stack])).not.toMatch(/verysecret|signing/);
    },
  );

  test('does not repeat what is refused for good, and follows no redirect', async () => {
    for (const answer of [404, { status: 302, headers: { location: 'http://127.0.0.1:1/' } }]) {
      answers = [answer];
      await expect(open().notify(notification)).rejects.toMatchObject({ code: 'INVALID_CONFIG', retryable: false });
    }
    expect(seen).toHaveLength(2);
  });

  test('refuses what is no URL without showing it', () => {
    for (const wrong of ['verysecret', 'ftp://verysecret/x']) {
      const opening = () => new SlackNotifier({ url: wrong });
      expect(opening).toThrow('is not an http(s) URL');
      expect(opening).not.toThrow('verysecret');
    }
  });
});

test('a webhook gets JSON, signed, with a key that repeats share', async () => {
  const clock = manualClock(1_764_000_000_500);
  await new WebhookNotifier({ url: url(), secret: 'signing', headers: { 'x-team': 'ops' }, clock }).notify(notification);
  const [{ headers, body } = { headers: {}, body: '' }] = seen;
  const { dedupKey, ...rest } = notification;
  expect(JSON.parse(body)).toEqual({ version: 1, ...rest, dedup_key: dedupKey });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'idempotency-key': 'alarm%2Fhot-lag%2F%C3%A4',
    'x-team': 'ops',
    'x-logdrive-signature': `t=1764000000,v1=${createHmac('sha256', 'signing').update(`1764000000.${body}`).digest('hex')}`,
  });
});

test('Slack gets blocks within its bounds, and nothing in a text is taken for a mark', async () => {
  await new SlackNotifier({ url: url() }).notify({ ...notification, text: '<!channel> '.repeat(1_000) });
  const message = JSON.parse(seen[0]!.body) as {
    text: string;
    attachments: { color: string; blocks: { type: string; text: { text: string } }[] }[];
  };
  const [header, text, links] = message.attachments[0]!.blocks;
  expect(message.text).toBe('[critical] open offset older than 5 min &lt;hot&gt;');
  expect(header!.text.text).toBe(notification.subject);
  expect(text!.text.text).toHaveLength(3_000);
  expect(text!.text.text).not.toContain('<');
  expect(links!.text.text).toBe('<https://docs.example/runbook?a=1&amp;b=2|runbook>');
  expect(message.attachments[0]!.color).toBe('#dc2626');
});

test('the console has a line at the level of the severity', async () => {
  const lines: [string, LogFields, string][] = [];
  const keep = (level: string) => (fields: LogFields, message: string) => void lines.push([level, fields, message]);
  const log = { ...silentLog, info: keep('info'), warn: keep('warn'), error: keep('error') };
  for (const severity of ['info', 'warning', 'critical'] as const) await new ConsoleNotifier(log).notify({ ...notification, severity });
  expect(lines.map(([level, , message]) => [level, message])).toEqual(['info', 'warn', 'error'].map((level) => [level, 'notification']));
  expect(lines[2]![1]).toMatchObject({ dedup_key: notification.dedupKey, links: ['https://docs.example/runbook?a=1&b=2'] });
});
