import { positionOf } from '../../core/ids.ts';
import type { AttributeValue } from '../../core/record.ts';
import type { Expression, Scalar } from '../../query/ast/expression.ts';
import { fieldOf } from '../../query/ast/fields.ts';
import { type Leaf, normalise, type Visitor, visit } from '../../query/ast/visit.ts';
import { literalOf, type Predicate, predicateOf } from '../../query/compile/scan/predicate.ts';
import { attributeColumn, overflowColumn } from '../columns.ts';
import { type Probe, probeOf } from './probe.ts';

/** A condition on the columns of one field. Absent never satisfies it: `!=` is written as the negation of `=`. */
export type ColumnTest = {
  kind: 'test';
  leaf: Leaf;
  /** The columns that may hold the field's value, at most one of them in a row. */
  columns: string[];
  /** Where the field is an attribute: its key, and the test of the texts of the overflow column, which may hold it too. */
  attribute: string | undefined;
  overflow: ColumnTest | undefined;
  /** Whether a value satisfies it by being there. */
  presence: boolean;
  accepts: Predicate;
  probe: Probe | undefined;
  /** Values it accepts, when only those: what a filter can be asked for. */
  values: Scalar[] | undefined;
  /** The order to evaluate in, cheapest first. */
  cost: number;
  /** Answers of `accepts` for the values of a dictionary, by code: 0 no, 1 yes, 2 not asked yet. */
  answers: WeakMap<object, Uint8Array>;
};

export type Condition =
  | ColumnTest
  | { kind: 'all' | 'any'; items: Condition[]; cost: number }
  | { kind: 'not'; item: Condition; cost: number };

/** Compiles an expression for evaluation by columns. @throws AppError INVALID_QUERY as `matcherOf` does */
export const conditionOf = (where: Expression): Condition => visit(normalise(where), compilers);

const sorted = (kind: 'all' | 'any', items: Condition[]): Condition => ({
  kind,
  items: items.sort((a, b) => a.cost - b.cost),
  cost: items.reduce((sum, item) => sum + item.cost, 0),
});

const not = (item: Condition): Condition => ({ kind: 'not', item, cost: item.cost });

const onField = (leaf: Leaf): Condition => (leaf.field === 'id' ? onId(leaf) : columnTest(leaf));

const compilers: Visitor<Condition> = {
  and: ({ items }) => sorted('all', items.map(conditionOf)),
  or: ({ items }) => sorted('any', items.map(conditionOf)),
  not: ({ item }) => not(conditionOf(item)),
  compare: (leaf) => (leaf.op === '!=' ? not(onField({ ...leaf, op: '=' })) : onField(leaf)),
  in: onField,
  exists: onField,
  match: onField,
  phrase: onField,
  contains: onField,
  prefix: onField,
  wildcard: onField,
  regex: onField,
};

/** Costs of fields that are not one dictionary column; those cost 1. */
const fieldCosts: Record<string, number> = { client_id: 3, trace_id: 3, span_id: 3, offset: 0, timestamp: 0, message: 6 };

function columnTest(leaf: Leaf, raw?: string): ColumnTest {
  const field = fieldOf(leaf.field);
  const isAttribute = raw === undefined && field.kind === 'attribute';
  const key = field.kind === 'attribute' ? field.key : '';
  const columns = raw !== undefined ? [raw] : isAttribute ? typesOf(leaf).map((type) => attributeColumn(type, key)) : [leaf.field];
  const test: ColumnTest = {
    kind: 'test',
    leaf,
    columns,
    attribute: isAttribute ? key : undefined,
    overflow: undefined,
    presence: leaf.kind === 'exists',
    accepts: predicateOf(leaf),
    probe: probeOf(leaf),
    values: valuesOf(leaf),
    cost: (isAttribute ? 2 : (fieldCosts[columns[0]!] ?? 1)) + (leaf.kind === 'regex' ? 4 : 0),
    answers: new WeakMap(),
  };
  return isAttribute ? { ...test, overflow: overflowTest(test, key) } : test;
}

/** The same test on the text of a flat JSON object that may hold the attribute. */
function overflowTest(test: ColumnTest, key: string): ColumnTest {
  const keyText = JSON.stringify(key);
  const accepts: Predicate = (text) => {
    if (typeof text !== 'string' || !text.includes(keyText)) return false;
    const attributes = JSON.parse(text) as Record<string, AttributeValue>;
    return Object.hasOwn(attributes, key) && test.accepts(attributes[key]);
  };
  return { ...test, columns: [overflowColumn], presence: false, probe: undefined, accepts, answers: new WeakMap() };
}

const columnType = { string: 'str', number: 'num', boolean: 'bool' } as const;

/** The types of value that a condition can accept. */
function typesOf(leaf: Leaf): ('str' | 'num' | 'bool')[] {
  if (leaf.kind === 'exists') return ['str', 'num', 'bool'];
  if (leaf.kind === 'compare') return [columnType[typeof leaf.value as keyof typeof columnType]];
  if (leaf.kind === 'in') return [...new Set(leaf.values.map((value) => columnType[typeof value as keyof typeof columnType]))];
  return ['str'];
}

function valuesOf(leaf: Leaf): Scalar[] | undefined {
  if (leaf.kind === 'in') return leaf.values.map((value) => literalOf(leaf.field, value));
  return leaf.kind === 'compare' && leaf.op === '=' ? [literalOf(leaf.field, leaf.value)] : undefined;
}

const equals = (column: string, value: Scalar): ColumnTest => columnTest({ kind: 'compare', op: '=', field: column, value }, column);

/** An id is the digest of the client's own id, or the spelling of the position where there is none; `predicateOf` has refused what has no values. */
function onId(leaf: Leaf): Condition {
  predicateOf(leaf);
  if (leaf.kind === 'exists') return sorted('all', []);
  const ids = (valuesOf(leaf) ?? []).filter((value) => typeof value === 'string');
  return sorted('any', ids.map(oneId));
}

function oneId(id: string): Condition {
  const position = positionOf(id);
  if (!position) return equals('client_id', id);
  const { generation, partition, offset } = position;
  const noClientId = not(columnTest({ kind: 'exists', field: 'client_id' }, 'client_id'));
  return sorted('all', [equals('generation', generation), equals('partition', partition), equals('offset', offset), noClientId]);
}
