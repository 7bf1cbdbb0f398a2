import type { Io } from './io.ts';

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;
export type Style = Record<keyof typeof codes, (text: string) => string>;

/** Colours for a terminal; plain text elsewhere, and where NO_COLOR is set (https://no-color.org). */
export function styleFor(io: Pick<Io, 'env'>, isTerminal: boolean): Style {
  const isOn = isTerminal && !io.env.NO_COLOR && io.env.TERM !== 'dumb';
  const style = (code: number) => (text: string) => (isOn ? `\u001b[${code}m${text}\u001b[0m` : text);
  return Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, style(code)])) as Style;
}

/** Text from elsewhere without what would steer the terminal. Line ends and tabs stay. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
export const harmless = (text: string): string => text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\ufffd');

/** Rows in columns as wide as their widest cell; numbers to the right. */
export function table(head: string[], rows: (string | number)[][], style: Style): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? number(cell) : harmless(cell))));
  const widths = head.map((title, i) => Math.max(title.length, ...cells.map((row) => row[i]?.length ?? 0)));
  const isNumeric = head.map((_, i) => rows.length > 0 && rows.every((row) => typeof row[i] === 'number'));
  const line = (row: string[]) =>
    row
      .map((cell, i) => (isNumeric[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [style.bold(line(head)), ...cells.map(line)].join('\n');
}

/** A count with its thousands parted, `12,345`. */
export const number = (n: number): string => n.toLocaleString('en-US', { maximumFractionDigits: 3 });

export function span(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

export function size(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}
