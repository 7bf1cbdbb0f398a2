import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '../..');

/** Runs the CDK's command line of this checkout on an assembly that `npm run synth` made; its words go to standard error. @throws Error when it fails */
export async function cdk(args: string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const child = spawn(join(root, 'node_modules/.bin/cdk'), args, {
    cwd: root,
    stdio: ['inherit', 2, 2],
    env: { ...process.env, CDK_DISABLE_VERSION_CHECK: '1', LOGDRIVE_BUNDLED: '1', ...env },
  });
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('exit', resolve));
  if (code !== 0) throw new Error(`cdk ${args[0]} failed; its own message is above`);
}
