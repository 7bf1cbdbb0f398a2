import type { NoticeAlert } from './notice.ts';
import type { Notification, Severity } from './ports/notifier.ts';
import { formatTime } from './time.ts';

const colours: Record<Severity, string> = { info: '#4b5563', warning: '#b45309', critical: '#b91c1c' };
const resolvedColour = '#15803d';
const font = 'font-family:-apple-system,Segoe UI,Helvetica,Arial,sans-serif';
const maxShown = 50;

/** Spells a notification as a page for e-mail: styles in place, no pictures, nothing fetched. Everything that is filled in is escaped. */
export function noticeHtml({ subject, text, severity, links, group }: Notification): string {
  const colour = group?.status === 'resolved' ? resolvedColour : colours[severity];
  const body =
    group && group.alerts.length > 0
      ? group.alerts.slice(0, maxShown).map(alertHtml).join('')
      : `<pre style="white-space:pre-wrap;${font}">${escapeHtml(text)}</pre>`;
  const more = group && group.alerts.length > maxShown ? `<p>and ${group.alerts.length - maxShown} more</p>` : '';
  const said = group?.acknowledgedBy ? `<p>Acknowledged by ${escapeHtml(group.acknowledgedBy)}.</p>` : '';
  const shown = links.filter(({ url }) => /^https?:\/\//i.test(url));
  const list = shown
    .map(({ title, url }) => `<a href="${escapeHtml(url)}" style="color:#1d4ed8;margin-right:16px">${escapeHtml(title)}</a>`)
    .join('');
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(subject)}</title></head>
<body style="margin:0;padding:16px;background:#f3f4f6;color:#111827;${font};font-size:15px;line-height:1.45">
<div style="max-width:640px;margin:0 auto;background:#ffffff;border-top:4px solid ${colour};padding:16px 20px">
<h1 style="font-size:18px;margin:0 0 12px;color:${colour}">${escapeHtml(subject)}</h1>
${said}${body}${more}<p style="margin:16px 0 0">${list}</p>
</div></body></html>`;
}

function alertHtml({ status, rule, labels, annotations, startsUs, endsUs, reason }: NoticeAlert): string {
  const { alertname: _, ...others } = labels;
  const { summary, description, ...more } = annotations;
  const rows = [...Object.entries(others), ...Object.entries(more)].map(
    ([name, value]) =>
      `<tr><td style="color:#6b7280;padding:2px 12px 2px 0;vertical-align:top">${escapeHtml(name)}</td><td>${escapeHtml(value)}</td></tr>`,
  );
  const sentences = [...new Set([summary, description, reason])].filter((line) => line);
  const time = endsUs === null ? `since ${formatTime(startsUs)}` : `from ${formatTime(startsUs)} to ${formatTime(endsUs)}`;
  return `<div style="border-top:1px solid #e5e7eb;padding:10px 0"><p style="margin:0"><strong>${status === 'firing' ? 'Firing' : 'Resolved'}: ${escapeHtml(rule)}</strong></p>
${sentences.map((line) => `<p style="margin:4px 0">${escapeHtml(line!)}</p>`).join('')}<p style="margin:4px 0;color:#6b7280">${time}</p><table style="border-collapse:collapse;font-size:14px">${rows.join('')}</table></div>`;
}

/** https://html.spec.whatwg.org/multipage/syntax.html#attributes-2 */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;');
