import { mkdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { installPython, once } from './install.ts';
import { pins } from './pins.ts';
import type { Service } from './service.ts';

const binaries = join(import.meta.dirname, '../../node_modules/.bin');

/** The emulator of AWS. It writes S3 objects as they come, and all else when it is asked to end: what a SIGKILL takes from it is gone. */
export const aws: Service = {
  name: 'aws',
  version: pins.aws.version,
  ports: pins.aws.ports,
  needsJava: false,
  readyWithinMs: 30_000,
  install: () => once(`ministack-${pins.aws.version}`, (folder) => installPython(pins.aws.packages, folder)),
  async plan({ installed, data, ports }) {
    const [port = 0] = ports;
    const endpoint = `http://127.0.0.1:${port}`;
    // What the emulator runs functions by is CommonJS, whatever the package around this folder says.
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'package.json'), '{}\n');
    const { AWS_CA_BUNDLE: _bundle, AWS_PROFILE: _profile, ...inherited } = process.env;
    return {
      program: join(installed, 'bin/python'),
      args: ['-m', 'ministack'],
      env: {
        ...inherited,
        // Functions run as processes of the `node` on PATH: the project's own Node.
        PATH: [binaries, process.env.PATH].join(delimiter),
        GATEWAY_PORT: String(port),
        BIND_HOST: '127.0.0.1',
        MINISTACK_HOST: '127.0.0.1',
        PERSIST_STATE: '1',
        STATE_DIR: join(data, 'state'),
        S3_PERSIST: '1',
        S3_DATA_DIR: join(data, 's3'),
        TMPDIR: data,
        LOG_LEVEL: process.env.LOGDRIVE_AWS_LOG_LEVEL ?? 'WARNING',
      },
      endpoint,
      isReady: () =>
        fetch(`${endpoint}/_ministack/ready`, { signal: AbortSignal.timeout(2_000) }).then(
          ({ status }) => status === 200,
          () => false,
        ),
    };
  },
};
