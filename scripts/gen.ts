// Writes what is made from manifests: `node scripts/gen.ts`. With --check it writes nothing and fails where a file differs.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { configReference } from '../src/config/reference.ts';
import type { ProcessorManifest } from '../src/core/processor.ts';
import { cliPage } from './gen/cli-page.ts';
import { costPage } from './gen/cost-page.ts';
import { errorsPage } from './gen/errors-page.ts';
import { functionsRegistry } from './gen/functions-registry.ts';
import { httpPage } from './gen/http-page.ts';
import { openSearchDocuments } from './gen/opensearch-documents.ts';
import { processorsPage } from './gen/processors-page.ts';
import { protoTypes } from './gen/proto-types.ts';

process.chdir(join(import.meta.dirname, '..'));
const isCheck = process.argv.includes('--check');

const folder = 'src/processors';
const maxLine = 140;
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();
const manifests = await Promise.all(names.map((name) => manifestOf(name)));

const outputs: Record<string, string> = {
  [`${folder}/registry.ts`]: registry(names),
  'lambdas/registry.ts': functionsRegistry('lambdas'),
  'docs/reference/processors.md': processorsPage(manifests),
  'docs/reference/config.md': configReference(),
  'docs/reference/cli.md': await cliPage(),
  'docs/reference/errors.md': errorsPage(),
  'docs/reference/http.md': httpPage(),
  ...openSearchDocuments(),
  ...protoTypes(),
  'docs/cost.md': costPage(),
};

const stale = Object.entries(outputs).filter(([file, text]) => !existsSync(file) || readFileSync(file, 'utf8') !== text);
for (const [file, text] of stale) {
  if (isCheck) console.error(`${file} is not what its manifests say: run node scripts/gen.ts`);
  else {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    console.log(`wrote ${file}`);
  }
}
process.exitCode = isCheck && stale.length > 0 ? 1 : 0;

async function manifestOf(name: string): Promise<ProcessorManifest> {
  const module = (await import(pathToFileURL(join(folder, name, 'manifest.ts')).href)) as { default: ProcessorManifest };
  if (module.default.name !== name)
    throw new Error(`${folder}/${name}/manifest.ts calls itself ${module.default.name}; a processor is named like its folder`);
  return module.default;
}

function registry(names: string[]): string {
  const variable = (name: string): string => name.replace(/-(\w)/g, (_all, letter: string) => letter.toUpperCase());
  return [
    '// Written by scripts/gen.ts from the folders beside it.',
    "import { type Processor, processConfigSchema } from '../core/processor.ts';",
    ...names.map((name) => `import ${variable(name)} from './${name}/index.ts';`),
    '',
    '/** Every processor. */',
    processorList(names.map(variable)),
    '',
    '/** What `process` in logdrive.yaml may say. */',
    'export const processConfig = processConfigSchema(processors);',
    '',
  ].join('\n');
}

/** As the formatter writes it: a name a line where one line would be too long. */
function processorList(variables: string[]): string {
  const line = `export const processors: Processor[] = [${variables.join(', ')}];`;
  return line.length <= maxLine
    ? line
    : ['export const processors: Processor[] = [', ...variables.map((name) => `  ${name},`), '];'].join('\n');
}
