import { readdirSync } from 'node:fs';

/** The module that lists the manifest of every function, by name: a folder of `lambdas/` each. */
export function functionsRegistry(folder: string): string {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const variable = (name: string): string => name.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
  return [
    '// Written by scripts/gen.ts from the folders beside it.',
    ...names.map((name) => `import ${variable(name)} from './${name}/manifest.ts';`),
    '',
    '/** Every function, by name. */',
    'export const functions = {',
    ...names.map((name) => (variable(name) === name ? `  ${name},` : `  '${name}': ${variable(name)},`)),
    '} as const;',
    '',
  ].join('\n');
}
