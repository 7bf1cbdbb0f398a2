import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { recordAliases } from '../../src/core/record-aliases.ts';

it('the reference of records lists the names that are read, as they are', () => {
  const text = readFileSync(new URL('../../docs/reference/records.md', import.meta.url), 'utf8');
  const rows = Object.entries(recordAliases).map(([field, names]) => `| \`${field}\` | ${names.map((name) => `\`${name}\``).join(' ')} |`);
  const table = ['| field | names, the strongest first |', '|---|---|', ...rows].join('\n');
  expect(text.split('<!-- aliases -->\n')[1]?.split('\n<!-- /aliases -->')[0]).toBe(table);
});
