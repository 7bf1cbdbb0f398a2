import { AppError } from '../core/errors.ts';
import { nearest } from '../core/nearest.ts';
import { version } from '../core/version.ts';
import { FailedError, type HostFunctions, helpOf, readArguments, UsageError } from './command.ts';
import { commands, type Entry } from './commands/index.ts';
import type { Io } from './io.ts';
import { type Style, styleFor } from './style.ts';

/** Runs one command line (without `node` and the script's name); resolves to the exit code: 0 done, 1 failed, 2 used wrongly. */
export async function runCli(argv: string[], io: Io, host: HostFunctions): Promise<number> {
  const [name, ...rest] = argv;
  const style = styleFor(io, io.outIsTerminal);
  if (name === undefined || ['help', '--help', '-h'].includes(name)) {
    const command = commands.find((candidate) => candidate.name === rest[0]);
    io.out(command ? helpOf(command, await command.load(), style) : overview(style));
    return 0;
  }
  if (name === '--version' || name === '-v') {
    io.out(`${version}\n`);
    return 0;
  }
  const errors = styleFor(io, io.errIsTerminal);
  const command = commands.find((candidate) => candidate.name === name);
  if (!command) {
    const close = nearest(
      name,
      commands.map((candidate) => candidate.name),
    );
    io.err(`${errors.red('logdrive:')} there is no command ${name}${close ? `; did you mean ${errors.bold(`logdrive ${close}`)}?` : ''}\n`);
    io.err(`${errors.dim('`logdrive help` lists them')}\n`);
    return 2;
  }
  try {
    return await runCommand(command, rest, io, host, style);
  } catch (thrown) {
    if (io.signal.aborted) return 130;
    if (thrown instanceof UsageError) {
      io.err(`${errors.red(`logdrive ${name}:`)} ${thrown.message}\n${errors.dim(`\`logdrive ${name} --help\` shows how it is used`)}\n`);
      return 2;
    }
    const isExpected = thrown instanceof FailedError || thrown instanceof AppError;
    const detail =
      thrown instanceof AppError
        ? thrown.detail
        : isExpected
          ? thrown.message
          : thrown instanceof Error
            ? (thrown.stack ?? thrown.message)
            : String(thrown);
    io.err(`${errors.red(`logdrive ${name}:`)} ${detail}\n`);
    return thrown instanceof AppError && thrown.code === 'INVALID_CONFIG' ? 2 : 1;
  }
}

async function runCommand(entry: Entry, argv: string[], io: Io, host: HostFunctions, style: Style): Promise<number> {
  const command = await entry.load();
  const { values, positionals } = readArguments(command, argv);
  if (values.help) io.out(helpOf(entry, command, style));
  else await command.run({ io, host, values, positionals, argv, style });
  return 0;
}

function overview(style: Style): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return [
    `${style.bold('logdrive')} COMMAND [options]`,
    '',
    '  A log platform that accounts for every record it accepts.',
    '',
    style.bold('Commands'),
    ...commands.map(({ name, summary }) => `  ${name.padEnd(width)}  ${style.dim(summary)}`),
    '',
    style.dim('`logdrive help COMMAND` or `logdrive COMMAND --help` says more. LOGDRIVE_URL and LOGDRIVE_KEY name the server and the key.'),
    '',
  ].join('\n');
}
