import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const root = join(import.meta.dirname, '../..');

/** Every file of the project, from its root: what is tracked, and what is new and not ignored. */
export const projectFiles = (): string[] =>
  execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean);

export const textOf = (file: string): string => readFileSync(join(root, file), 'utf8');

/** A command of a document and what the document says it prints. `inTime`: asked again until it does. */
export type TestedBlock = { line: number; command: string; output: { language: string; text: string } | undefined; inTime: boolean };

const testedBlock = /<!-- tested(: in time)? -->\n```sh\n([\s\S]*?)\n```(?:\n```(json|text)\n([\s\S]*?)\n```)?/g;

/** The blocks under `<!-- tested -->`, in the order of the document. */
export function testedBlocks(markdown: string): TestedBlock[] {
  return [...markdown.matchAll(testedBlock)].map(({ index, 1: inTime, 2: command = '', 3: language, 4: text }) => ({
    line: markdown.slice(0, index).split('\n').length,
    command,
    output: language === undefined ? undefined : { language, text: text ?? '' },
    inTime: inTime !== undefined,
  }));
}

/** Links of a document to other files of the project, without their anchors; code is none. */
export function relativeLinks(markdown: string): { path: string; anchor: string | undefined }[] {
  const prose = markdown.replace(/```[\s\S]*?```/g, '').replace(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => ({ path: target.split('#')[0]!, anchor: target.split('#')[1] }));
}

/** The anchors that GitHub gives to the headings of a document. */
export function anchorsOf(markdown: string): Set<string> {
  const headings = markdown.replace(/```[\s\S]*?```/g, '').matchAll(/^#{1,6} (.+)$/gm);
  return new Set(
    [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}
