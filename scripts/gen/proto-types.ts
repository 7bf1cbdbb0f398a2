import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What `buf generate` makes of the messages and services in `proto/` (buf.gen.yaml), by path. @throws where a file does not pass `buf lint` */
export function protoTypes(): Record<string, string> {
  const folder = mkdtempSync(join(tmpdir(), 'logdrive-proto-'));
  try {
    buf('lint');
    buf('generate', '-o', folder);
    const files = readdirSync(join(folder, 'gen'), { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
    return Object.fromEntries(files.sort().map((file) => [`gen/${file}`, readFileSync(join(folder, 'gen', file), 'utf8')]));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function buf(...args: string[]): void {
  const bin = join('node_modules', '.bin');
  const { status, stderr, stdout } = spawnSync(join(bin, 'buf'), args, {
    encoding: 'utf8',
    env: { ...process.env, PATH: `${bin}:${process.env.PATH}` },
  });
  if (status !== 0) throw new Error(`buf ${args[0]} failed:\n${stdout}${stderr}`);
}
