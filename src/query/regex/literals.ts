import { fold } from '../text.ts';
import type { RegexNode } from './parse.ts';

/**
 * Texts, folded, that stand in the fold of every text the pattern matches: what an index can look for before the pattern runs. Empty when there is
 * no such text.
 */
export function requiredLiterals(node: RegexNode): string[] {
  const runs: string[] = [];
  let run = '';
  const end = (): void => {
    if (run.length > 0) runs.push(run);
    run = '';
  };
  for (const part of flat(node)) {
    if (part.kind === 'literal') run += fold(String.fromCodePoint(part.code));
    else if (part.kind !== 'sequence') {
      end();
      if (part.kind === 'repeat' && part.min > 0) runs.push(...requiredLiterals(part.item));
    }
  }
  end();
  return runs;
}

function flat(node: RegexNode): RegexNode[] {
  return node.kind === 'sequence' ? node.items.flatMap(flat) : [node];
}
