import type { Expression } from '../../ast/expression.ts';
import { fieldOf } from '../../ast/fields.ts';
import { type Leaf, normalise, type Visitor, visit } from '../../ast/visit.ts';
import { literalOf, predicateOf } from '../scan/predicate.ts';
import { all, allBounds, allOf, anyBounds, anyOf, type Bounds, type Dsl, exactly, none, not, notBounds } from './dsl.ts';
import { markNameOf, markOf, messageMark, valueMarkOf } from './layout.ts';
import { columnLeaves, type LeafCompilers, plainLeaves } from './leaves.ts';
import { messageLeaves } from './message.ts';

/** What a node takes: 1,024 clauses in all, and 20 levels of them; with room for the rest of a query. */
const maxClauses = 500;
const maxDepth = 10;

/** `plain` asks nothing of the node that it may find too complex. */
export type WhereOptions = { plain?: boolean };

/**
 * Compiles a condition to what the index can say of it, equal to `scan` for records that are not marked; for those that are, `marks` names the
 * marks on which the condition may depend.
 * @throws AppError INVALID_QUERY as `matcherOf` does
 */
export function compileWhere(where: Expression, options: WhereOptions = {}): Bounds {
  const context: Context = { clauses: 0, depth: 0, marks: new Set(), columns: options.plain ? plainLeaves : columnLeaves };
  const bounds = compile(normalise(where), context);
  if (context.marks.size === 0) return bounds;
  const marked: Dsl = { terms: { marks: [...context.marks] } };
  if (bounds.upper === none) return { upper: marked, lower: none };
  return { upper: anyOf([bounds.upper, marked]), lower: allOf([bounds.lower, not(marked)]) };
}

type Context = { clauses: number; depth: number; marks: Set<string>; columns: LeafCompilers };

const unknown: Bounds = { upper: all, lower: none };

function compile(node: Expression, context: Context): Bounds {
  const isDeep = context.depth >= maxDepth && (node.kind === 'and' || node.kind === 'or' || node.kind === 'not');
  if (isDeep || context.clauses >= maxClauses) {
    checkLeaves(node);
    return unknown;
  }
  context.depth++;
  const bounds = visit(node, compilersIn(context));
  context.depth--;
  return bounds;
}

/** Finds what cannot be asked, wherever it stands. */
function checkLeaves(node: Expression): void {
  if (node.kind === 'and' || node.kind === 'or') node.items.forEach(checkLeaves);
  else if (node.kind === 'not') checkLeaves(node.item);
  else predicateOf(node);
}

function compilersIn(context: Context): Visitor<Bounds> {
  const leaf = (node: Leaf): Bounds => compileLeaf(node, context);
  return {
    and: ({ items }) => allBounds(items.map((item) => compile(item, context))),
    or: ({ items }) => anyBounds(items.map((item) => compile(item, context))),
    not: ({ item }) => notBounds(compile(item, context)),
    compare: leaf,
    in: leaf,
    exists: leaf,
    match: leaf,
    phrase: leaf,
    contains: leaf,
    prefix: leaf,
    wildcard: leaf,
    regex: leaf,
  };
}

function compileLeaf(leaf: Leaf, context: Context): Bounds {
  predicateOf(leaf);
  const field = fieldOf(leaf.field);
  if (field.kind === 'record' && field.name === 'id') return compileId(leaf);
  const isMessage = field.kind === 'record' && field.name === 'message';
  for (const mark of marksOf(leaf, isMessage)) context.marks.add(mark);
  const table = isMessage ? messageLeaves : context.columns;
  const bounds = (table[leaf.kind] as (leaf: Leaf) => Bounds)(leaf);
  context.clauses += clausesOf(bounds.upper) + 1;
  return context.clauses > maxClauses ? unknown : bounds;
}

/** The clauses of a leaf: conditions that are not made of others. */
function clausesOf(query: Dsl): number {
  const { bool } = query as { bool?: Record<string, Dsl[]> };
  if (!bool) return 1;
  return Object.values(bool)
    .flatMap((items) => (Array.isArray(items) ? items : []))
    .reduce((sum, item) => sum + clausesOf(item), 0);
}

/** The marks of records for which the columns may say something else than the record does. */
function marksOf(leaf: Leaf, isMessage: boolean): string[] {
  if (isMessage) return leaf.kind === 'exists' ? [] : [messageMark];
  const name = markNameOf(leaf.field);
  if (leaf.kind === 'compare' && (leaf.op === '=' || leaf.op === '!=')) return [valueMarkOf(name, literalOf(leaf.field, leaf.value))];
  if (leaf.kind === 'in') return leaf.values.map((value) => valueMarkOf(name, literalOf(leaf.field, value)));
  return [markOf(name)];
}

/** Ids are the names of documents. */
function compileId(leaf: Leaf): Bounds {
  if (leaf.kind === 'exists') return exactly(all);
  const ids = leaf.kind === 'in' ? leaf.values : leaf.kind === 'compare' ? [leaf.value] : [];
  const texts = ids.filter((id) => typeof id === 'string' && id.length <= maxIdUnits);
  const listed: Dsl = texts.length === 0 ? none : { terms: { _id: texts } };
  return exactly(leaf.kind === 'compare' && leaf.op === '!=' ? not(listed) : listed);
}

const maxIdUnits = 100;
