import { createHash } from 'node:crypto';
import nodemailer from 'nodemailer';
import { AppError } from '../../../core/errors.ts';
import { noticeHtml } from '../../../core/notice-html.ts';
import { type Notification, type Notifier, textWithLinks } from '../../../core/ports/notifier.ts';

export type EmailOptions = {
  host: string;
  /** @default 465 with `tls`, else 587 */
  port?: number | undefined;
  /** TLS from the first byte. @default false */
  tls?: boolean | undefined;
  /** Whether a plain connection is made a TLS one. @default 'required' */
  starttls?: 'required' | 'offered' | 'never' | undefined;
  user?: string | undefined;
  password?: string | undefined;
  from: string;
  to: string[];
  timeoutMs?: number;
  /** Resolves the host to an address that may be called. @default the host itself */
  resolve?: (host: string) => Promise<string>;
  /** Certificates to trust besides. */
  ca?: string;
};

/** Sends notifications as e-mail by SMTP: plain text and HTML. Mails of one group of alerts are a thread, a repeat has the same `Message-ID`. */
export class EmailNotifier implements Notifier {
  readonly #options: EmailOptions;

  constructor(options: EmailOptions) {
    this.#options = options;
  }

  async notify(notification: Notification): Promise<void> {
    const { host, port, tls = false, starttls = 'required', user, password, from, to, timeoutMs = 10_000, resolve, ca } = this.#options;
    const address = resolve ? await resolve(host) : host;
    const transport = nodemailer.createTransport({
      ...{
        host: address,
        port: port ?? (tls ? 465 : 587),
        secure: tls,
        requireTLS: !tls && starttls === 'required',
        ignoreTLS: starttls === 'never',
      },
      ...(user === undefined ? {} : { auth: { user, pass: password ?? '' } }),
      ...{ connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs, dnsTimeout: timeoutMs },
      tls: { servername: host, ...(ca ? { ca } : {}) },
      ...{ disableFileAccess: true, disableUrlAccess: true },
    });
    try {
      await transport.sendMail({ from, to, ...mailOf(notification) });
    } catch (error) {
      throw translated(error, host);
    } finally {
      transport.close();
    }
  }

  async close(): Promise<void> {}
}

function mailOf(notification: Notification) {
  const { subject, severity, dedupKey, group } = notification;
  const idOf = (text: string) => `<${createHash('sha256').update(text).digest('hex').slice(0, 32)}@logdrive>`;
  const thread = group && group.kind !== 'test' ? idOf(group.incident) : undefined;
  return {
    subject: group ? subject : `[${severity}] ${subject}`,
    text: textWithLinks(notification),
    html: noticeHtml(notification),
    messageId: idOf(dedupKey),
    ...(thread ? { references: thread, inReplyTo: thread } : {}),
    headers: {
      'Auto-Submitted': 'auto-generated',
      'X-Logdrive-Dedup-Key': encodeURIComponent(dedupKey.toWellFormed()).slice(0, 800),
      'X-Logdrive-Severity': severity,
    },
    ...(severity === 'critical' ? { priority: 'high' as const } : {}),
  };
}

/** What of SMTP no repeat gets past: a refusal for good (5yz), a wrong password, no TLS where it is required. Its texts hold no password. */
function translated(error: unknown, host: string): AppError {
  if (error instanceof AppError) return error;
  const { code = '', responseCode = 0, response = '' } = error as { code?: string; responseCode?: number; response?: string };
  const said = response ? `: ${response.slice(0, 200)}` : '';
  const isLasting = (responseCode >= 500 && responseCode < 600) || ['EAUTH', 'ENOAUTH', 'EENVELOPE', 'EMESSAGE'].includes(code);
  // A greylisting server refuses an envelope for a while only.
  if (isLasting && !(responseCode >= 400 && responseCode < 500))
    return new AppError('INVALID_CONFIG', `the mail server ${host} does not take it (${code}${said})`);
  return new AppError('CHANNEL_UNAVAILABLE', `the mail server ${host} took no mail (${code || (error as Error).name}${said})`);
}
