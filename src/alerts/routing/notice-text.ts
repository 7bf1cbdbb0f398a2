import { commonOf, type GroupNotice, type NoticeAlert, ruleUrl } from '../../core/notice.ts';
import type { Notification, Severity } from '../../core/ports/notifier.ts';
import { formatTime } from '../../core/time.ts';
import { spokenDuration } from './duration.ts';
import { renderTemplate } from './template.ts';

/** Texts of a channel that stand in for ours; see `template.ts` for what may be in them. */
export type NoticeTemplates = { subject?: string | undefined; text?: string | undefined };

const maxShown = 20;

/** Puts a notice into words: a subject of one line, a text, the severity, links. Plain text: each channel escapes for itself. */
export function notificationOf(notice: GroupNotice, dedupKey: string, nowUs: number, templates: NoticeTemplates = {}): Notification {
  const { subject, text } = templates;
  return {
    subject: oneLine(subject === undefined ? subjectOf(notice) : renderTemplate(subject, notice, nowUs)),
    text: text === undefined ? textOf(notice, nowUs) : renderTemplate(text, notice, nowUs),
    severity: severityOf(notice),
    links: linksOf(notice),
    dedupKey,
    group: notice,
  };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim();

function subjectOf({ alerts, groupLabels, status, kind }: GroupNotice): string {
  const firing = alerts.filter((alert) => alert.status === 'firing');
  const common = commonOf(alerts.map(({ labels }) => labels));
  const { alertname = groupLabels.alertname, severity: _, ...rest } = { ...common, ...groupLabels };
  const names = alertname ?? [...new Set(alerts.map(({ rule }) => rule))].slice(0, 3).join(', ');
  const where = Object.entries(rest).map(([name, value]) => `${name}=${value}`);
  const count = status === 'firing' ? firing.length : alerts.length;
  const label = { change: '', repeat: 'still ', escalation: 'escalated, ', test: 'test, ' }[kind];
  return `[${label}${status}${count > 1 ? ` ${count}` : ''}] ${names}${where.length > 0 ? ` (${where.join(', ')})` : ''}`;
}

function textOf(notice: GroupNotice, nowUs: number): string {
  const { alerts, kind, acknowledgedBy } = notice;
  const lines: string[] = [];
  if (kind === 'test') lines.push('This is a test: somebody pressed the button to see whether this channel works. Nothing is wrong.');
  if (kind === 'escalation') lines.push('Nobody has acknowledged this.');
  if (acknowledgedBy) lines.push(`Acknowledged by ${acknowledgedBy}.`);
  const blocks = alerts.slice(0, maxShown).map((alert) => alertText(alert, nowUs));
  if (alerts.length > maxShown) blocks.push(`and ${alerts.length - maxShown} more`);
  return [lines.join('\n'), ...blocks].filter((part) => part !== '').join('\n\n');
}

function alertText({ status, rule, labels, annotations, startsUs, endsUs, reason }: NoticeAlert, nowUs: number): string {
  const { alertname: _, ...others } = labels;
  const shown = Object.entries(others).map(([name, value]) => `${name}=${value}`);
  const { summary, description, ...more } = annotations;
  const span = spokenDuration((endsUs ?? nowUs) - startsUs);
  const time =
    status === 'firing'
      ? `since ${formatTime(startsUs)} (${span})`
      : `from ${formatTime(startsUs)} to ${formatTime(endsUs ?? nowUs)} (${span})`;
  return [
    `${status === 'firing' ? 'FIRING' : 'RESOLVED'} ${rule}${shown.length > 0 ? `  ${shown.join(' ')}` : ''}`,
    ...[...new Set([summary, description, reason])].filter((line) => line).map((line) => `  ${line}`),
    `  ${time}`,
    ...Object.entries(more)
      .filter(([name]) => !isLink(name))
      .map(([name, value]) => `  ${name}: ${value}`),
  ].join('\n');
}

const isLink = (name: string): boolean => /^(runbook|runbook_url|dashboard|dashboard_url)$/.test(name);

function linksOf({ alerts, externalUrl }: GroupNotice): Notification['links'] {
  const [first] = alerts;
  if (!first) return [];
  const { annotations } = { annotations: commonOf(alerts.map((alert) => alert.annotations)) };
  const extra = Object.entries(annotations)
    .filter(([name, url]) => isLink(name) && /^https?:\/\//i.test(url))
    .map(([name, url]) => ({ title: name.replace('_url', ''), url }));
  return [
    ...extra,
    { title: 'rule', url: ruleUrl(externalUrl, first.rule) },
    { title: 'alerts', url: `${externalUrl}/api/alerts?state=firing` },
  ];
}

const critical = new Set(['critical', 'page', 'error', 'fatal', 'emergency', 'high', 'p1']);
const informative = new Set(['info', 'informational', 'none', 'low', 'debug', 'p4', 'p5']);

/** The worst `severity` label of what fires; what has none is a warning. What is over is information. */
function severityOf({ status, alerts }: GroupNotice): Severity {
  if (status === 'resolved') return 'info';
  const named = alerts.filter((alert) => alert.status === 'firing').map(({ labels }) => labels.severity?.toLowerCase() ?? '');
  if (named.some((name) => critical.has(name))) return 'critical';
  return named.every((name) => informative.has(name)) ? 'info' : 'warning';
}
