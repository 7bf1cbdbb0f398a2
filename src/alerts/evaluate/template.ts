import type { AlertLabels } from '../transition.ts';

const placeholder = /\{\{\s*\$?\.?(value|labels?\.[\w.-]+|rule)\s*(?:\|[^}]*)?\}\}/gi;

/**
 * Fills a text of a rule in: `{{ value }}`, `{{ labels.service }}`, `{{ rule }}`, and as Prometheus writes them (`{{ $labels.service }}`). What is not
 * known stays as it is written.
 */
export function fillIn(text: string, { value, labels, rule }: { value: number | null; labels: AlertLabels; rule: string }): string {
  if (!text.includes('{{')) return text;
  return text.replace(placeholder, (written, name: string) => {
    if (name.toLowerCase() === 'value') return value === null ? 'no value' : numberText(value);
    if (name === 'rule') return rule;
    return labels[name.slice(name.indexOf('.') + 1)] ?? written;
  });
}

/** A number for people: four digits are enough. */
export const numberText = (value: number): string => (Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4))));
