// node scripts/verify/cfn-lint.ts: cfn-lint over the templates in cdk.out (npm run synth), and its resource schemas against what the guard of stateful
// resources takes for a replacement. Needs python3; cfn-lint is installed from PyPI into .venv/ the first time.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replacementProperties } from '../../lib/guards/stateful.ts';

const version = '1.58.0';
/** Every stack is deployed after those it needs: it says so twice where it also refers to one of their outputs. */
const ignored = ['W3005'];
const missing = 77;

process.chdir(join(import.meta.dirname, '../..'));
const venv = join(process.cwd(), '.venv/cfn-lint');
if (spawnSync('python3', ['--version']).status !== 0) {
  console.error('cfn-lint needs python3 (Debian, Ubuntu: apt-get install python3 python3-venv)');
  process.exit(missing);
}
if (spawnSync(`${venv}/bin/cfn-lint`, ['--version']).status !== 0) {
  must('python3', ['-m', 'venv', venv]);
  must(`${venv}/bin/pip`, ['install', '--quiet', '--disable-pip-version-check', `cfn-lint==${version}`]);
}

const templates = existsSync('cdk.out')
  ? readdirSync('cdk.out', { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.template.json'))
  : [];
if (templates.length === 0) {
  console.error('there are no templates in cdk.out: npm run synth');
  process.exit(1);
}
must(`${venv}/bin/cfn-lint`, ['-i', ...ignored, '--', ...templates.map((file) => join('cdk.out', file))]);
console.log(`cfn-lint ${version}: 0 findings in ${templates.length} templates`);

const { stdout } = must(`${venv}/bin/python`, [
  '-c',
  `import json, sys
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER as schemas
print(json.dumps({t: schemas.get_resource_schema("us-east-1", t).schema.get("createOnlyProperties", []) for t in sys.argv[1:]}))`,
  ...Object.keys(replacementProperties),
]);
const createOnly = JSON.parse(stdout) as Record<string, string[]>;
const unknown = Object.entries(createOnly).flatMap(([type, paths]) =>
  paths
    .map((path) => path.replace('/properties/', '').replaceAll('/properties/', '/'))
    .filter((path) => !replacementProperties[type]!.some((known) => path === known || path.startsWith(`${known}/`)))
    .map((path) => `${type} ${path}`),
);
if (unknown.length > 0) {
  console.error(`lib/guards/stateful.ts does not know what would replace data:\n${unknown.map((each) => `  ${each}`).join('\n')}`);
  process.exit(1);
}
console.log(`the guard knows every property that replaces one of ${Object.keys(createOnly).length} kinds of stateful resources`);

function must(command: string, args: string[]): { stdout: string } {
  const { status, stdout = '', stderr = '' } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status === 0) return { stdout };
  console.error(`${stdout}${stderr}`.trim());
  process.exit(1);
}
