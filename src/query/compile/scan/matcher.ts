import type { StoredRecord } from '../../../core/record.ts';
import type { Expression } from '../../ast/expression.ts';
import { type Leaf, type Visitor, visit } from '../../ast/visit.ts';
import { predicateOf } from './predicate.ts';
import { readerOf } from './values.ts';

export type Matcher = (record: StoredRecord) => boolean;

/**
 * Compiles an expression to a test of one record: the oracle that every engine must agree with, the matcher of live tail, the filter of rules.
 * @throws AppError INVALID_QUERY for a time or a regular expression that cannot be read
 */
export const matcherOf = (where: Expression): Matcher => visit(where, matchers);

const onField = (leaf: Leaf): Matcher => {
  const read = readerOf(leaf.field);
  const accepts = predicateOf(leaf);
  return (record) => accepts(read(record));
};

const matchers: Visitor<Matcher> = {
  and: ({ items }) => {
    const tests = items.map(matcherOf);
    return (record) => tests.every((test) => test(record));
  },
  or: ({ items }) => {
    const tests = items.map(matcherOf);
    return (record) => tests.some((test) => test(record));
  },
  not: ({ item }) => {
    const test = matcherOf(item);
    return (record) => !test(record);
  },
  compare: onField,
  in: onField,
  exists: onField,
  match: onField,
  phrase: onField,
  contains: onField,
  prefix: onField,
  wildcard: onField,
  regex: onField,
};
