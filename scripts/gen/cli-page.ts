import { helpOf } from '../../src/cli/command.ts';
import { commands } from '../../src/cli/commands/index.ts';
import { styleFor } from '../../src/cli/style.ts';

const introduction = `
Made by \`node scripts/gen.ts\` from the help of the commands themselves. In a clone a command is \`npx logdrive …\`.

- An option comes from its flag, else from the environment (\`LOGDRIVE_URL\`, \`LOGDRIVE_KEY\`, and for \`up\` all of [the configuration](config.md)).
- Answers go to standard output, progress and remarks to standard error. \`--json\` is for machines. \`NO_COLOR\` switches colours off.
- Exit codes: 0 done, 1 failed, 2 used wrongly, 130 stopped by Ctrl-C.
`;

/** The reference of the command line, Markdown, from the commands. */
export async function cliPage(): Promise<string> {
  const plain = styleFor({ env: {} }, false);
  const helps = await Promise.all(commands.map(async (entry) => helpOf(entry, await entry.load(), plain).trimEnd()));
  return [
    '# Command line',
    '',
    introduction.trim(),
    '',
    '| command | what it does |',
    '|---|---|',
    ...commands.map(({ name, summary }) => `| [\`${name}\`](#${name}) | ${summary} |`),
    '',
    ...commands.flatMap(({ name }, i) => [`## ${name}`, '', '```text', helps[i]!, '```', '']),
  ].join('\n');
}
