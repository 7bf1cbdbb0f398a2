/** What a spreadsheet would take for a formula (OWASP, CSV injection). */
const formulaStart = /^[=+\-@\t\r]/;

/**
 * Spells rows as CSV with a header row (RFC 4180, CRLF). Text that a spreadsheet would run as a formula gets a leading apostrophe; numbers
 * are left as they are; objects become JSON text; absent values are empty.
 */
export function csvText(columns: readonly string[], rows: Iterable<Record<string, unknown>>): string {
  let content = `${columns.map(cell).join(',')}\r\n`;
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
