import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ConsoleNotifier } from '../../src/adapters/notify/console/console-notifier.ts';
import { EmailNotifier } from '../../src/adapters/notify/email/email-notifier.ts';
import { OpsgenieNotifier } from '../../src/adapters/notify/opsgenie/opsgenie-notifier.ts';
import { PagerDutyNotifier } from '../../src/adapters/notify/pagerduty/pagerduty-notifier.ts';
import { SlackNotifier } from '../../src/adapters/notify/slack/slack-notifier.ts';
import { WebhookNotifier } from '../../src/adapters/notify/webhook/webhook-notifier.ts';
import { addressCheck } from '../../src/adapters/send/guarded/addresses.ts';
import { guardedSend } from '../../src/adapters/send/guarded/guarded-send.ts';
import { notificationOf } from '../../src/alerts/routing/notice-text.ts';
import type { GroupNotice, NoticeAlert } from '../../src/core/notice.ts';
import { silentLog } from '../../src/core/ports/log.ts';
import type { Notification } from '../../src/core/ports/notifier.ts';
import { testCertificate } from './test-certificate.ts';

const startsUs = Date.parse('2026-11-21T08:00:00Z') * 1000;
const alert = (service: string, status: 'firing' | 'resolved' = 'firing'): NoticeAlert => ({
  status,
  labels: { alertname: 'high-error-rate', service, severity: 'page' },
  annotations: { summary: `errors of <${service}> & more`, runbook_url: 'https://docs.example/r?a=1&b=2' },
  startsUs,
  endsUs: status === 'firing' ? null : startsUs + 300e6,
  fingerprint: 'c0ffee00c0ffee00',
  episode: `c0ffee00c0ffee00-${startsUs}`,
  rule: 'high-error-rate',
  value: 12.5,
  reason: 'rate (level:error) over 5m is 12.5, > 10',
});
const notice = (alerts: NoticeAlert[], more: Partial<GroupNotice> = {}): GroupNotice => ({
  incident: 'g1-n1',
  groupKey: '{}/{severity="page"}:{alertname="high-error-rate"}',
  receiver: 'team-X',
  status: alerts.some(({ status }) => status === 'firing') ? 'firing' : 'resolved',
  kind: 'change',
  groupLabels: { alertname: 'high-error-rate' },
  alerts,
  acknowledgedBy: null,
  externalUrl: 'https://logs.example',
  ...more,
});
const told = (of: GroupNotice): Notification => notificationOf(of, 'g1-n1-1', startsUs + 120e6);
const firing = told(notice([alert('api'), alert('web')]));
const resolved = told(notice([alert('api', 'resolved')]));

let server: Server;
let seen: { request: IncomingMessage; body: string }[];
let answer: { status: number; headers?: Record<string, string> };
const portOf = (of: { address(): unknown }) => (of.address() as AddressInfo).port;
const url = (path = '/hook') => `http://127.0.0.1:${portOf(server)}${path}`;
const local = guardedSend({ allowed: ['127.0.0.0/8'] });
const once = { attempts: 1, timeoutMs: 5_000, send: local.send } as const;

beforeEach(async () => {
  seen = [];
  answer = { status: 200 };
  server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    seen.push({ request, body });
    response.writeHead(answer.status, answer.headers).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
const sentBody = () => JSON.parse(seen.at(-1)!.body) as Record<string, unknown>;

describe('webhook', () => {
  test("has exactly the fields of Alertmanager's version 4", async () => {
    await new WebhookNotifier({ url: url(), ...once }).notify(firing);
    const body = sentBody();
    // https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
    const fields = [
      'version',
      'groupKey',
      'truncatedAlerts',
      'status',
      'receiver',
      'groupLabels',
      'commonLabels',
      'commonAnnotations',
      'externalURL',
      'alerts',
    ];
    expect(Object.keys(body)).toEqual(fields);
    const [first] = body.alerts as Record<string, unknown>[];
    expect(Object.keys(first!)).toEqual(['status', 'labels', 'annotations', 'startsAt', 'endsAt', 'generatorURL', 'fingerprint']);
    expect(body).toMatchObject({
      ...{ version: '4', truncatedAlerts: 0, status: 'firing', receiver: 'team-X', externalURL: 'https://logs.example' },
      commonLabels: { alertname: 'high-error-rate', severity: 'page' },
      commonAnnotations: { runbook_url: 'https://docs.example/r?a=1&b=2' },
      alerts: [
        { startsAt: '2026-11-21T08:00:00.000Z', endsAt: '0001-01-01T00:00:00Z', labels: { service: 'api' } },
        { labels: { service: 'web' } },
      ],
    });
    await new WebhookNotifier({ url: url(), ...once }).notify(resolved);
    expect(sentBody()).toMatchObject({ status: 'resolved', alerts: [{ status: 'resolved', endsAt: '2026-11-21T08:05:00.000Z' }] });
  });

  test('signs time and body, and names its dedup key', async () => {
    await new WebhookNotifier({ url: url(), secret: 's3', ...once }).notify(firing);
    const { request, body } = seen[0]!;
    const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(request.headers['x-logdrive-signature'])) ?? [];
    expect(v1).toBe(createHmac('sha256', 's3').update(`${t}.${body}`).digest('hex'));
    expect(request.headers['idempotency-key']).toBe('g1-n1-1');
  });

  test('passes on how long it is told to wait, and follows no redirect', async () => {
    answer = { status: 429, headers: { 'retry-after': '17' } };
    await expect(new WebhookNotifier({ url: url(), ...once }).notify(firing)).rejects.toMatchObject({
      code: 'CHANNEL_UNAVAILABLE',
      more: { retryAfterS: 17 },
    });
    answer = { status: 307, headers: { location: url('/elsewhere') } };
    await expect(new WebhookNotifier({ url: url(), ...once }).notify(firing)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    expect(seen.map(({ request }) => request.url)).toEqual(['/hook', '/hook']);
  });
});

describe('what is not on the open internet is not called', () => {
  const spellings = [
    '127.0.0.1',
    '2130706433',
    '0x7f000001',
    '0177.0.0.1',
    '127.1',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '0.0.0.0',
    '[::]',
    'localhost',
  ];
  test.each(spellings)('%s', async (host) => {
    const { send } = guardedSend();
    const to = `http://${host}:${portOf(server)}/x`;
    await expect(new WebhookNotifier({ url: to, attempts: 1, send }).notify(firing)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    expect(seen).toEqual([]);
  });

  test.each([
    ['10.1.2.3', false],
    ['172.16.0.1', false],
    ['172.32.0.1', true],
    ['192.168.1.1', false],
    ['169.254.169.254', false],
    ['100.64.0.1', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['8.8.8.8', true],
    ['2606:4700::1111', true],
    ['fd00::1', false],
    ['fe80::1%eth0', false],
    ['ff02::1', false],
    ['64:ff9b::7f00:1', false],
    ['2002:7f00:1::', false],
    ['2001:db8::1', false],
    ['::ffff:8.8.8.8', true],
    ['::ffff:10.0.0.1', false],
    ['fd00:ec2::254', false],
    ['no address', false],
  ] as const)('%s: %s', (address, may) => {
    expect(addressCheck([])(address)).toBe(may);
  });

  test('a network can be allowed, and what is none is refused', () => {
    expect(addressCheck(['10.0.0.0/8'])('10.1.2.3')).toBe(true);
    expect(addressCheck(['10.0.0.0/8'])('::ffff:10.1.2.3')).toBe(true);
    expect(addressCheck(['10.0.0.0/8'])('192.168.0.1')).toBe(false);
    expect(() => addressCheck(['10.0.0.0/99'])).toThrow('is no network');
  });

  test('a name that changes its mind: the connection goes to what was checked', async () => {
    const answers = [[{ address: '127.0.0.2', family: 4 }], [{ address: '10.0.0.1', family: 4 }]];
    let asked = 0;
    const lookup = async () => answers[Math.min(asked++, 1)]!;
    // The first answer is allowed here; whatever the name says afterwards is never asked for by the same request.
    const { send } = guardedSend({ allowed: ['127.0.0.2'], lookup });
    const result = await send(new URL(`http://rebind.test:${portOf(server)}/x`), { headers: {}, body: '{}', timeoutMs: 2_000 });
    expect(asked).toBe(1);
    expect(result === 'the connection failed (ECONNREFUSED)' || typeof result === 'object').toBe(true);
    await expect(send(new URL('http://rebind.test/x'), { headers: {}, body: '{}', timeoutMs: 2_000 })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
    });
  });

  test('a name with one address inside is refused, whatever its others are', async () => {
    const lookup = async () => [
      { address: '8.8.8.8', family: 4 },
      { address: '10.0.0.1', family: 4 },
    ];
    await expect(guardedSend({ lookup }).resolve('both.test')).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
  });
});

test('Slack has buttons that are links, and no text is a mark', async () => {
  await new SlackNotifier({ url: url(), ...once }).notify(firing);
  const { attachments } = sentBody() as {
    attachments: { blocks: { type: string; text?: { text: string }; elements?: { url: string; text: { text: string } }[] }[] }[];
  };
  const actions = attachments[0]!.blocks.at(-1)!;
  expect(actions.elements!.map(({ text, url: to }) => [text.text, to])).toEqual([
    ['runbook', 'https://docs.example/r?a=1&b=2'],
    ['rule', 'https://logs.example/api/alerts/rules/high-error-rate'],
    ['alerts', 'https://logs.example/api/alerts?state=firing'],
  ]);
  expect(attachments[0]!.blocks[1]!.text!.text).toContain('errors of &lt;api&gt; &amp; more');
});

test('PagerDuty opens and closes one incident', async () => {
  const channel = new PagerDutyNotifier({ routingKey: 'R123', url: url(), ...once });
  await channel.notify(firing);
  expect(sentBody()).toMatchObject({
    ...{ routing_key: 'R123', event_action: 'trigger', dedup_key: 'g1-n1' },
    payload: { summary: '[firing 2] high-error-rate', severity: 'critical', source: 'api', timestamp: '2026-11-21T08:00:00.000Z' },
  });
  await channel.notify(resolved);
  expect(sentBody()).toEqual({ routing_key: 'R123', event_action: 'resolve', dedup_key: 'g1-n1' });
});

test('Opsgenie creates and closes one alert', async () => {
  const channel = new OpsgenieNotifier({ apiKey: 'K', url: url(''), ...once });
  await channel.notify(firing);
  expect([seen[0]!.request.url, seen[0]!.request.headers.authorization]).toEqual(['/v2/alerts', 'GenieKey K']);
  expect(sentBody()).toMatchObject({ alias: 'g1-n1', priority: 'P1', message: '[firing 2] high-error-rate' });
  await channel.notify(resolved);
  expect(seen[1]!.request.url).toBe('/v2/alerts/g1-n1/close?identifierType=alias');
});

test('a terminal has text for people that cannot steer it', async () => {
  const written: string[] = [];
  const steering = alert('\u001b[2Jevil');
  await new ConsoleNotifier(silentLog, (text) => written.push(text)).notify(told(notice([steering])));
  expect(written[0]).toContain('FIRING high-error-rate');
  expect(written[0]).not.toContain('\u001b[2J');
});

describe('e-mail over SMTP', () => {
  const mails: { mail: ParsedMail; isSecure: boolean; user: string | undefined }[] = [];
  const withServer = async (options: SMTPServerOptions, work: (port: number) => Promise<void>) => {
    mails.length = 0;
    const smtp = new SMTPServer({
      ...{ ...testCertificate, logger: false },
      onAuth: ({ username, password }, _session, callback) =>
        password === 'right' ? callback(null, { user: username }) : callback(Object.assign(new Error('no'), { responseCode: 535 })),
      onData: (stream, session, callback) => {
        simpleParser(stream).then((mail) => {
          mails.push({ mail, isSecure: session.secure, user: session.user as string | undefined });
          callback();
        }, callback);
      },
      ...options,
    });
    await new Promise<void>((resolve) => smtp.listen(0, '127.0.0.1', resolve));
    try {
      await work(portOf(smtp.server));
    } finally {
      await new Promise<void>((resolve) => smtp.close(resolve));
    }
  };
  const mailer = (port: number, more: Partial<ConstructorParameters<typeof EmailNotifier>[0]> = {}) =>
    new EmailNotifier({
      ...{
        host: 'mail.test',
        port,
        user: 'ops',
        password: 'right',
        from: 'Logdrive <logdrive@example.com>',
        to: ['ops@example.com', 'b@example.com'],
      },
      ...{ resolve: async () => '127.0.0.1', ca: testCertificate.cert, ...more },
    });

  test('is sent over STARTTLS with a password, and both parts read well', async () => {
    await withServer({ authOptional: false }, async (port) => {
      await mailer(port).notify(firing);
      await mailer(port).notify(resolved);
    });
    const [first, second] = mails;
    expect([first!.isSecure, first!.user]).toEqual([true, 'ops']);
    const { mail } = first!;
    expect(mail.subject).toBe('[firing 2] high-error-rate');
    expect(mail.text).toContain('FIRING high-error-rate  service=api severity=page');
    expect(mail.text).toContain('runbook: https://docs.example/r?a=1&b=2');
    expect(mail.html).toContain('errors of &lt;api&gt; &amp; more');
    expect(mail.html).not.toContain('<api>');
    expect(mail.headers.get('auto-submitted')).toBe('auto-generated');
    expect(mail.headers.get('x-logdrive-dedup-key')).toBe('g1-n1-1');
    expect(second!.mail.references).toBe(mail.references);
  });

  test('TLS from the first byte works as well', async () => {
    await withServer({ secure: true, authOptional: false }, async (port) => mailer(port, { tls: true }).notify(firing));
    expect(mails[0]!.isSecure).toBe(true);
  });

  test('nothing is sent in clear text where TLS is required, to a server of another name, or with a wrong password; the error holds no password', async () => {
    await withServer({ hideSTARTTLS: true, disabledCommands: ['STARTTLS'], authOptional: true }, async (port) => {
      await expect(mailer(port).notify(firing)).rejects.toMatchObject({ name: 'AppError' });
    });
    await withServer({ authOptional: false }, async (port) => {
      await expect(mailer(port, { host: 'other.test' }).notify(firing)).rejects.toMatchObject({ name: 'AppError' });
      const error = await mailer(port, { password: 'wrong-and-secret' })
        .notify(firing)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'INVALID_CONFIG' });
      expect(JSON.stringify([error, String(error)])).not.toContain('wrong-and-secret');
    });
    expect(mails).toEqual([]);
  });

  test('a server that is busy is tried again later, one that refuses is not', async () => {
    const refusing = (responseCode: number): SMTPServerOptions => ({
      authOptional: false,
      onRcptTo: (_address, _session, callback) => callback(Object.assign(new Error('not now'), { responseCode })),
    });
    await withServer(refusing(451), async (port) =>
      expect(mailer(port).notify(firing)).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE' }),
    );
    await withServer(refusing(550), async (port) => expect(mailer(port).notify(firing)).rejects.toMatchObject({ code: 'INVALID_CONFIG' }));
  });
});
