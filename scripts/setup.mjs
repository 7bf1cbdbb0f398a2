// @ts-check
// Brings a checkout to where it runs: installs what package-lock.json names, once for each lock file. `npm start` calls it with --run (without
// development tools), `npm test` without. Plain JavaScript on node: modules only: on a fresh clone whatever Node is on PATH runs it.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const neededMajor = 24;
const root = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..');
process.chdir(root);

const stampFile = join('node_modules', '.setup.json');
const lockHash = createHash('sha256').update(readFileSync('package-lock.json')).digest('hex');
const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, 'utf8')) : {};
// A checkout that was developed in keeps its tools when only a run is asked for.
const wanted = process.argv.includes('--run') && stamp.set !== 'develop' ? 'run' : 'develop';
const isInstalled = stamp.lock === lockHash && (stamp.set === wanted || stamp.set === 'develop');

if (!isInstalled) {
  console.error(`setup: installing the packages (${wanted === 'run' ? 'to run' : 'to run and to test'}), once`);
  const onlyToAdd = stamp.lock === lockHash;
  npm([onlyToAdd ? 'install' : 'ci', ...(onlyToAdd ? ['--no-save'] : []), ...(wanted === 'run' ? ['--omit=dev'] : [])]);
  writeFileSync(stampFile, JSON.stringify({ lock: lockHash, set: wanted }));
}

const pinned = ['node', 'node.exe', 'node.cmd'].some((name) => existsSync(join('node_modules', '.bin', name)));
const major = Number(process.versions.node.split('.')[0]);
if (!pinned && major < neededMajor) {
  fail(
    `Node ${neededMajor} or newer is needed; this is ${process.version}, and npm has no Node package for ${process.platform} on ${process.arch}`,
  );
}

/** @param {string[]} args */
function npm(args) {
  const all = [...args, '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];
  const cli = process.env.npm_execpath;
  const { status } = cli
    ? spawnSync(process.execPath, [cli, ...all], { stdio: ['ignore', 2, 2] })
    : spawnSync('npm', all, { stdio: ['ignore', 2, 2], shell: true });
  if (status !== 0) fail('npm could not install the packages; its own message is above');
}

/** @param {string} message */
function fail(message) {
  console.error(`setup: ${message}`);
  process.exit(1);
}
