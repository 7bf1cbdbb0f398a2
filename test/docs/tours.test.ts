import { describe, expect, it, onTestFinished } from 'vitest';
import { jsonDifferences, textPattern } from './compare-output.ts';
import { type TestedBlock, testedBlocks, textOf } from './documents.ts';
import { type RunningHost, runCommand, runHost } from './run-host.ts';

const tours = ['README.md', 'docs/getting-started.md', 'docs/rpc.md', 'docs/alerts.md', 'docs/signals.md'];
const inTimeMs = 15_000;

/** Runs a block and says how its output differs from what the document shows; undefined where it does not. */
async function difference({ command, output }: TestedBlock, host: RunningHost): Promise<string | undefined> {
  const { code, stdout, stderr } = await runCommand(command, host);
  if (code !== 0) return `ended with ${code}: ${stderr}${stdout}`;
  if (!output) return undefined;
  if (output.language === 'text') return textPattern(output.text).test(stdout.trim()) ? undefined : `printed\n${stdout}`;
  const found = jsonDifferences(JSON.parse(output.text), JSON.parse(stdout));
  return found.length === 0 ? undefined : `${found.join('\n')}\nprinted ${stdout}`;
}

describe('the commands of the documents, run one after the other on a host of their own', () => {
  it.each(tours)('%s: each prints what the document shows', { timeout: 120_000 }, async (file) => {
    const blocks = testedBlocks(textOf(file));
    expect(blocks.length).toBeGreaterThan(1);
    const host = await runHost();
    onTestFinished(() => host.stop());
    for (const block of blocks) {
      const endMs = performance.now() + (block.inTime ? inTimeMs : 0);
      let differs = await difference(block, host);
      while (differs !== undefined && performance.now() < endMs) differs = await difference(block, host);
      if (differs !== undefined) expect.fail(`${file}:${block.line}: ${block.command}\n${differs}\n${host.said()}`);
    }
  });
});

describe('the comparison of outputs', () => {
  it('takes other times, ids and figures for the same', () => {
    expect(
      jsonDifferences({ took_ms: 1, at: '2026-11-21', items: [{ id: 'a1' }] }, { took_ms: 7, at: '2027-01-01', items: [{ id: 'b2' }] }),
    ).toEqual([]);
    expect('13,795 records sent in 0.3 s').toMatch(textPattern('13,795 records sent in 1.4 s'));
  });

  it.each([
    [{ a: 1 }, { a: '1' }],
    [{ a: 1 }, {}],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ accepted: 1 }, { accepted: 2 }],
    [{ level: 'error' }, { level: 'info' }],
    [[1], [1, 2]],
    [{ next: null }, { next: 'c1.x' }],
    [{ partial: false }, { partial: true }],
  ])('sees that %j is not %j', (shown, actual) => {
    expect(jsonDifferences(shown, actual)).toHaveLength(1);
  });

  it('sees another count and another word', () => {
    expect('13,796 records sent in 1.4 s').not.toMatch(textPattern('13,795 records sent in 1.4 s'));
    expect('13,795 records lost in 1.4 s').not.toMatch(textPattern('13,795 records sent in 1.4 s'));
  });
});
