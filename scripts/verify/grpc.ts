import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serveEmbedded } from '../../test/scenarios/serve-embedded.ts';

// Calls a host with a gRPC client that is not ours: Python's grpcio, with messages made from proto/ by its own protoc. Needs python3; the packages are
// installed from PyPI into .venv/ the first time.

const packages = ['grpcio==1.85.1', 'grpcio-tools==1.85.1', 'grpcio-status==1.85.1'];
const root = join(import.meta.dirname, '../..');
const venv = join(root, '.venv/grpc');
const python = join(venv, 'bin/python');

if (spawnSync('python3', ['--version']).status !== 0) {
  console.log('python3 is missing: gRPC is not tested with a foreign client');
  process.exit(77);
}
install();
const generated = mkdtempSync(join(tmpdir(), 'logdrive-grpc-'));
generate();
const host = await serveEmbedded();
const status = await call(new URL(host.address).host, await makeKey());
await host.stop();
rmSync(generated, { recursive: true, force: true });
process.exit(status);

function install(): void {
  if (existsSync(join(venv, 'installed'))) return;
  must('python3', ['-m', 'venv', venv]);
  must(join(venv, 'bin/pip'), ['install', '--quiet', '--disable-pip-version-check', ...packages]);
  mkdirSync(join(venv, 'installed'));
}

/** What a user would do with our files; `google/rpc` comes with grpcio-status. */
function generate(): void {
  const folder = join(root, 'proto/logdrive/v1');
  const files = readdirSync(folder).map((file) => join(folder, file));
  const out = [`--python_out=${generated}`, `--grpc_python_out=${generated}`];
  must(python, ['-m', 'grpc_tools.protoc', '-I', join(root, 'proto'), ...out, ...files]);
}

function must(command: string, args: string[]): void {
  const { status: code, error } = spawnSync(command, args, { stdio: 'inherit' });
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed`, { cause: error });
}

async function makeKey(): Promise<string> {
  const response = await fetch(`${host.address}/api/keys`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'verify', scopes: ['ingest', 'query', 'admin'] }),
  });
  const { secret } = (await response.json()) as { secret: string };
  return secret;
}

/** Runs beside this process, which is the one that answers. */
function call(address: string, key: string): Promise<number> {
  const child = spawn(python, [join(import.meta.dirname, 'grpc-client.py'), generated, address, key], { stdio: 'inherit' });
  return new Promise((resolve, reject) => child.once('error', reject).once('exit', (code) => resolve(code ?? 1)));
}
