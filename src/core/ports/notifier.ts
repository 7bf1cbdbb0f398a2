import type { GroupNotice } from '../notice.ts';

export const severities = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** What people are told. */
export type Notification = {
  /** One line. */
  subject: string;
  text: string;
  severity: Severity;
  links: { title: string; url: string }[];
  /** The same for what is the same: whoever gets a notification twice knows it by this. Delivery is at least once. */
  dedupKey: string;
  /** The alerts that this is about, where it is about alerts. */
  group?: GroupNotice;
};

/** A channel on which people are told something. */
export interface Notifier {
  /**
   * Delivers a notification; resolves when the channel has taken it.
   * @throws AppError CHANNEL_UNAVAILABLE when it may be taken later, INVALID_CONFIG when it never will be. No error holds a secret of the channel.
   */
  notify(notification: Notification): Promise<void>;
  close(): Promise<void>;
}

/** The text with its links below, as plain text. */
export const textWithLinks = ({ text, links }: Notification): string =>
  [text, ...links.map(({ title, url }) => `${title}: ${url}`)].join('\n');
