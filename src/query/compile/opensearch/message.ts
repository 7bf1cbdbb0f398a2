import type { Leaf } from '../../ast/visit.ts';
import { requiredLiterals } from '../../regex/literals.ts';
import { parseRegex } from '../../regex/parse.ts';
import { fold, tokensOf } from '../../text.ts';
import { wildcardLiterals } from '../scan/wildcard.ts';
import { allOf, atMost, type Dsl, exactly, exists, none, term } from './dsl.ts';
import { maxTokenUnits } from './layout.ts';
import type { LeafCompilers } from './leaves.ts';
import { isSettled, type Piece, piecesOf } from './letters.ts';

const field = 'message';
const hasMessage = exists(field);

/** The message is indexed by its tokens: these decide `match`, `phrase` and parts of one token; for the rest they give candidates. */
export const messageLeaves: LeafCompilers = {
  exists: () => exactly(hasMessage),
  compare: ({ op, value }) => {
    if (typeof value !== 'string') return exactly(op === '!=' ? { match_all: {} } : none);
    if (op === '=') return atMost(equal(value));
    return op === '!=' ? { upper: { match_all: {} }, lower: { bool: { must_not: [equal(value)] } } } : atMost(hasMessage);
  },
  in: ({ values }) => {
    const texts = values.filter((value) => typeof value === 'string');
    return texts.length === 0 ? exactly(none) : atMost({ bool: { should: texts.map(equal), minimum_should_match: 1 } });
  },
  match: ({ text }) => {
    const tokens = [...new Set(tokensOf(text))];
    const query = allOf([hasMessage, ...tokens.filter(isIndexed).map((token) => term(field, token))]);
    return tokens.every(isIndexed) ? exactly(query) : atMost(query);
  },
  phrase: ({ text }) => {
    const tokens = tokensOf(text);
    if (tokens.length > 1 && tokens.every(isIndexed)) return exactly({ match_phrase: { [field]: { query: tokens.join(' ') } } });
    return messageLeaves.match({ kind: 'match', field, text });
  },
  contains: ({ text }) => {
    const folded = fold(text);
    const pieces = piecesOf(folded);
    const isOneToken = pieces.length === 1 && pieces[0]!.text === folded;
    return (isOneToken || folded === '') && pieces.every(({ text }) => isIndexed(text))
      ? exactly(holding(folded))
      : atMost(holding(folded));
  },
  prefix: ({ text }) => (text === '' ? exactly(hasMessage) : atMost(starting(fold(text)))),
  wildcard: ({ text }) => atMost(allOf([hasMessage, ...wildcardLiterals(text).map((part) => holding(fold(part)))])),
  regex: ({ text }) => atMost(allOf([hasMessage, ...requiredLiterals(parseRegex(text)).map((part) => holding(fold(part.text)))])),
};

const isIndexed = (token: string): boolean => token.length < maxTokenUnits && isSettled(token);

/** Necessary for a message to be this text. */
const equal = (value: string): Dsl => messageLeaves.match({ kind: 'match', field, text: value } as Leaf & { kind: 'match' }).upper;

/** Necessary for the fold of a message to hold a folded text. */
const holding = (folded: string): Dsl => allOf([hasMessage, ...piecesOf(folded).flatMap(pieceQuery)]);

/** Necessary for the fold of a message to begin with a folded text. */
const starting = (folded: string): Dsl => allOf([hasMessage, ...piecesOf(folded).flatMap((piece) => pieceQuery({ ...piece, left: true }))]);

function pieceQuery({ text, left, right }: Piece): Dsl[] {
  if (!isIndexed(text)) return [];
  if (left && right) return [term(field, text)];
  if (left) return [{ prefix: { [field]: { value: text } } }];
  // A token has none of the characters that mean something in a pattern.
  return [{ wildcard: { [field]: { value: `*${text}${right ? '' : '*'}` } } }];
}
