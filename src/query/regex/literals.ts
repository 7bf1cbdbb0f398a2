import { fold } from '../text.ts';
import type { RegexNode } from './parse.ts';

/** A text that stands in everything a pattern matches: as it is, or, where `caseless`, its fold in the fold of what is matched. */
export type Literal = { text: string; caseless: boolean };

/** Finds the texts that a pattern requires: what an index can look for before the pattern runs. Empty when there is none. */
export function requiredLiterals(node: RegexNode): Literal[] {
  const literals: Literal[] = [];
  let run: Literal = { text: '', caseless: false };
  const end = (caseless = false): void => {
    if (run.text !== '') literals.push(run.caseless ? { text: fold(run.text), caseless: true } : run);
    run = { text: '', caseless };
  };
  for (const part of flat(node)) {
    if (part.kind === 'literal') {
      if (part.folded !== run.caseless) end(part.folded);
      run.text += String.fromCodePoint(part.code);
    } else if (part.kind !== 'sequence') {
      end();
      if (part.kind === 'repeat' && part.min > 0) literals.push(...requiredLiterals(part.item));
    }
  }
  end();
  return literals;
}

function flat(node: RegexNode): RegexNode[] {
  return node.kind === 'sequence' ? node.items.flatMap(flat) : [node];
}
