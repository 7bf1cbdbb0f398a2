import { formatTime } from './time.ts';

/** One alert as a channel is told of it. Times are epoch microseconds. */
export type NoticeAlert = {
  status: 'firing' | 'resolved';
  /** With `alertname`. */
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsUs: number;
  /** null while it fires. */
  endsUs: number | null;
  fingerprint: string;
  episode: string;
  rule: string;
  value: number | null;
  reason: string;
};

/** What a group of alerts has to tell, for channels that can do more with it than show a text. */
export type GroupNotice = {
  /** The same for a group from its first alert to its last: the incident that pagers open and close. */
  incident: string;
  /** As Alertmanager spells it. */
  groupKey: string;
  receiver: string;
  status: 'firing' | 'resolved';
  /** Why it is told: something changed, nothing changed for long, nobody acknowledged, or a person pressed the button. */
  kind: 'change' | 'repeat' | 'escalation' | 'test';
  groupLabels: Record<string, string>;
  alerts: NoticeAlert[];
  /** Who has acknowledged it, where somebody has. */
  acknowledgedBy: string | null;
  /** Where this platform can be reached, without a slash at the end. */
  externalUrl: string;
};

/** What does not end has Go's zero time. */
const noEnd = '0001-01-01T00:00:00Z';

/** Spells a notice as Alertmanager's webhook does, version 4. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config */
export function webhookPayload({ groupKey, receiver, status, groupLabels, alerts, externalUrl }: GroupNotice): object {
  return {
    version: '4',
    groupKey,
    truncatedAlerts: 0,
    status,
    receiver,
    groupLabels,
    commonLabels: commonOf(alerts.map(({ labels }) => labels)),
    commonAnnotations: commonOf(alerts.map(({ annotations }) => annotations)),
    externalURL: externalUrl,
    alerts: alerts.map(({ status: of, labels, annotations, startsUs, endsUs, rule, fingerprint }) => ({
      status: of,
      labels,
      annotations,
      startsAt: formatTime(startsUs),
      endsAt: endsUs === null ? noEnd : formatTime(endsUs),
      generatorURL: ruleUrl(externalUrl, rule),
      fingerprint,
    })),
  };
}

/** Where a rule can be looked at. */
export const ruleUrl = (externalUrl: string, rule: string): string => `${externalUrl}/api/alerts/rules/${encodeURIComponent(rule)}`;

/** What all of them say alike. */
export function commonOf(all: readonly Record<string, string>[]): Record<string, string> {
  const [first = {}, ...rest] = all;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => rest.every((other) => Object.hasOwn(other, name) && other[name] === value)),
  );
}
