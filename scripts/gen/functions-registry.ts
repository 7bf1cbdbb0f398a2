import { readdirSync } from 'node:fs';

/** The module that lists the manifest of every function, by name: a folder of `lambdas/` each. */
export function functionsRegistry(folder: string): string {
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
  const variable = (name: string): string => name.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
  const imports = [
    "import type { FunctionManifest } from './function-manifest.ts';",
    ...names.map((name) => `import ${variable(name)} from './${name}/manifest.ts';`),
  ].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1));
  return [
    '// Written by scripts/gen.ts from the folders beside it.',
    ...imports,
    '',
    '/** Every function, by name. */',
    'export const functions = {',
    ...names.map((name) => (variable(name) === name ? `  ${name},` : `  '${name}': ${variable(name)},`)),
    '} as const;',
    'export type FunctionName = keyof typeof functions;',
    '',
    '/** The same, for who treats all alike. */',
    'export const manifests: readonly FunctionManifest[] = Object.values(functions);',
    '',
  ].join('\n');
}

const pathOf = (line: string): string => line.split("'")[1]!;
