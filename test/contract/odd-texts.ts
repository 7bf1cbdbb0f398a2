import fc from 'fast-check';
import type { Leaf } from '../../src/query/ast/visit.ts';

/** Letters that fold oddly, what bounds tokens, what means something in patterns, and code points beyond U+FFFF. */
const unit = fc.constantFrom(
  ...'aAbBiIkKsSzZ019_ .-/%\\*?\'"\n\r\t\0',
  ...'éÉßςΣσÅå',
  'İ',
  '\u0307',
  '\u212a',
  '\u212b',
  'ſ',
  'Ǆ',
  '😀',
  '\u{10d50}',
  'ﬁ',
  '\uffff',
);
export const oddString = (maxLength: number) => fc.string({ unit, maxLength });
const piece = fc.constantFrom(
  ...[
    'a',
    'B',
    '(?i:k)',
    '(?i:s)',
    '(?i:é)',
    '.',
    '(?s:.)',
    '[^a]',
    '[^[:alpha:]]',
    '[É-å]',
    '\\x{1F600}',
    '\\d',
    '\\W',
    '\\s',
    '\\b',
    '\\B',
  ],
  ...['^', '$', 'a*', 'b+?', '(a|é)?', '(?i:ab){1,2}', '[aå]{0,3}', '\\.', '\\Q%\\E', '(|b)', '\\z', '\\A', '(?i)ß'],
);
const pattern = fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join(''));
const text = oddString(5);
const field = 'message';
/** A condition on `message`. */
export const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  fc.record({ kind: fc.constantFrom('match' as const, 'phrase' as const, 'contains' as const), field: fc.constant(field), text }),
  fc.record({ kind: fc.constantFrom('prefix' as const, 'wildcard' as const, 'wildcard' as const), field: fc.constant(field), text }),
  fc.record({ kind: fc.constant('regex' as const), field: fc.constant(field), text: pattern }),
  fc.record({
    kind: fc.constant('compare' as const),
    op: fc.constantFrom('=', '<', '>=') as fc.Arbitrary<'='>,
    field: fc.constant(field),
    value: text,
  }),
);
