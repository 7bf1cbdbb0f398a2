import { AppError } from '../../core/errors.ts';
import { commonOf, type GroupNotice, type NoticeAlert } from '../../core/notice.ts';
import { formatTime } from '../../core/time.ts';
import { spokenDuration } from './duration.ts';

const loop = /\{\{\s*#alerts\s*\}\}\n?([\s\S]*?)\{\{\s*\/alerts\s*\}\}\n?/g;
const place = /\{\{\s*([a-z_]+)(?:\.([^\s}]+))?\s*\}\}/g;
const maxTemplate = 10_000;
const maxRendered = 20_000;

const groupFields: Record<string, (notice: GroupNotice) => string> = {
  status: ({ status }) => status,
  receiver: ({ receiver }) => receiver,
  count: ({ alerts }) => String(alerts.length),
  firing: ({ alerts }) => String(alerts.filter(({ status }) => status === 'firing').length),
  acknowledged_by: ({ acknowledgedBy }) => acknowledgedBy ?? '',
  url: ({ externalUrl }) => externalUrl,
};
const alertFields: Record<string, (alert: NoticeAlert, nowUs: number) => string> = {
  status: ({ status }) => status,
  rule: ({ rule }) => rule,
  value: ({ value }) => (value === null ? '' : String(value)),
  reason: ({ reason }) => reason,
  since: ({ startsUs }) => formatTime(startsUs),
  lasted: ({ startsUs, endsUs }, nowUs) => spokenDuration((endsUs ?? nowUs) - startsUs),
};

/**
 * Refuses a template that names what there is not. `{{status}}`, `{{receiver}}`, `{{count}}`, `{{firing}}`, `{{acknowledged_by}}`, `{{url}}`, and what all alerts have in common:
 * `{{labels.NAME}}`, `{{annotations.NAME}}`; between `{{#alerts}}` and `{{/alerts}}`, for each alert, `{{status}}`, `{{rule}}`, `{{value}}`, `{{reason}}`, `{{since}}`, `{{lasted}}`, `{{labels.NAME}}`, `{{annotations.NAME}}`.
 * @throws AppError INVALID_CONFIG
 */
export function checkTemplate(template: string): void {
  const refuse = (what: string): never => {
    throw new AppError('INVALID_CONFIG', `the template ${what}`);
  };
  if (template.length > maxTemplate) refuse(`is longer than ${maxTemplate} characters`);
  const check = (text: string, fields: Record<string, unknown>, where: string) => {
    const rest = text.replaceAll(place, (whole, name: string, key?: string) => {
      const isKnown = key === undefined ? Object.hasOwn(fields, name) : name === 'labels' || name === 'annotations';
      if (!isKnown) refuse(`has ${whole} ${where}; there are: ${[...Object.keys(fields), 'labels.NAME', 'annotations.NAME'].join(', ')}`);
      return '';
    });
    if (rest.includes('{{'))
      refuse(`has {{ and no place that is known behind it: ${JSON.stringify(rest.slice(rest.indexOf('{{'), rest.indexOf('{{') + 40))}`);
  };
  check(
    template.replaceAll(loop, (_, body: string) => {
      check(body, alertFields, 'between {{#alerts}} and {{/alerts}}');
      return '';
    }),
    groupFields,
    'outside of {{#alerts}}',
  );
}

/** Fills in a template as plain text. What is filled in is never read as a template. */
export function renderTemplate(template: string, notice: GroupNotice, nowUs: number): string {
  const common = {
    labels: commonOf(notice.alerts.map(({ labels }) => labels)),
    annotations: commonOf(notice.alerts.map(({ annotations }) => annotations)),
  };
  const fill = <T>(
    text: string,
    of: T & { labels?: unknown },
    fields: Record<string, (of: T, nowUs: number) => string>,
    texts: typeof common,
  ) =>
    text.replaceAll(place, (_, name: string, key?: string) => {
      if (key === undefined) return fields[name]?.(of, nowUs) ?? '';
      const from = name === 'labels' ? texts.labels : texts.annotations;
      return Object.hasOwn(from, key) ? from[key]! : '';
    });
  const parts: string[] = [];
  let at = 0;
  for (const found of template.matchAll(loop)) {
    parts.push(fill(template.slice(at, found.index), notice, groupFields, common));
    for (const alert of notice.alerts) parts.push(fill(found[1]!, alert, alertFields, alert));
    at = found.index + found[0].length;
  }
  parts.push(fill(template.slice(at), notice, groupFields, common));
  const text = parts.join('');
  return text.length <= maxRendered ? text : `${text.slice(0, maxRendered).toWellFormed()}…`;
}
