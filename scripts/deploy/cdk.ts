import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

class Stalled extends Error {}

/** Runs the CDK's command line of this checkout on an assembly that `npm run synth` made; its words go to standard error. @throws Error when it fails */
export async function cdk(args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  await run(args, env, undefined);
}

/**
 * The same against the emulator, which now and then leaves an upload of the CDK unanswered: where nothing was said for so long, the command is ended and
 * run again. What it had done stays done.
 */
export async function cdkOnEmulator(args: string[], { silenceMs = 90_000, tries = 3 } = {}): Promise<void> {
  for (let left = tries - 1; ; left--) {
    try {
      return await run(args, {}, silenceMs);
    } catch (error) {
      if (!(error instanceof Stalled) || left === 0) throw error;
      console.error(`cdk ${args[0]} said nothing for ${silenceMs / 1_000} s: running it again`);
    }
  }
}

async function run(args: string[], env: NodeJS.ProcessEnv, silenceMs: number | undefined): Promise<void> {
  const child = spawn(join(root, 'node_modules/.bin/cdk'), args, {
    cwd: root,
    stdio: ['inherit', silenceMs === undefined ? 2 : 'pipe', silenceMs === undefined ? 2 : 'pipe'],
    env: { ...process.env, CDK_DISABLE_VERSION_CHECK: '1', LOGDRIVE_BUNDLED: '1', ...env },
  });
  let isStalled = false;
  const stall = () => {
    isStalled = true;
    child.kill('SIGKILL');
  };
  let timer = silenceMs === undefined ? undefined : setTimeout(stall, silenceMs);
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (words: Buffer) => {
      process.stderr.write(words);
      clearTimeout(timer);
      timer = setTimeout(stall, silenceMs);
    });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  clearTimeout(timer);
  if (isStalled) throw new Stalled(`cdk ${args[0]} stalled`);
  if (code !== 0) throw new Error(`cdk ${args[0]} failed; its own message is above`);
}
