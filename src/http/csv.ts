/** What a spreadsheet would take for a formula, in its usual and its full-width form, or skips before one. https://owasp.org/www-community/attacks/CSV_Injection */
const formulaStart = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * Spells rows as CSV with a header row (RFC 4180, CRLF). Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers
 * are left as they are; objects become JSON text; absent values are empty.
 */
export const csvText = (columns: readonly string[], rows: Iterable<Record<string, unknown>>): string =>
  csvHead(columns) + csvRows(columns, rows);

/** The header row. */
export const csvHead = (columns: readonly string[]): string => `${columns.map(cell).join(',')}\r\n`;

/** Rows below a header row, as `csvText` spells them. */
export function csvRows(columns: readonly string[], rows: Iterable<Record<string, unknown>>): string {
  let content = '';
  for (const row of rows) content += `${columns.map((column) => cell(row[column])).join(',')}\r\n`;
  return content;
}

function cell(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const plain = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = formulaStart.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
