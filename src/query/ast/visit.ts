import type { Expression, ExpressionKind } from './expression.ts';

/** The node type of one kind. */
export type ExpressionOf<K extends ExpressionKind> =
  Extract<Expression, { kind: ExpressionKind }> extends infer E
    ? E extends { kind: ExpressionKind }
      ? K extends E['kind']
        ? E
        : never
      : never
    : never;

/** A function for every kind of node: one that is missing fails to compile. */
export type Visitor<R> = { [K in ExpressionKind]: (node: ExpressionOf<K>) => R };

/** Calls the visitor's function for the node's kind. */
export const visit = <R>(node: Expression, visitor: Visitor<R>): R => (visitor[node.kind] as (node: Expression) => R)(node);

/** A node that looks at one field; the others join conditions. */
export type Leaf = Exclude<Expression, { kind: 'and' | 'or' | 'not' }>;

/**
 * Writes an expression in its shortest equal form: AND in AND and OR in OR flattened, joints of one item unwrapped, an empty OR as the
 * negation of everything.
 */
export function normalise(node: Expression): Expression {
  if (node.kind === 'not') return { kind: 'not', item: normalise(node.item) };
  if (node.kind !== 'and' && node.kind !== 'or') return node;
  const items = node.items.map(normalise).flatMap((item) => (item.kind === node.kind ? item.items : [item]));
  if (items.length === 1) return items[0]!;
  return items.length === 0 && node.kind === 'or' ? { kind: 'not', item: { kind: 'and', items: [] } } : { kind: node.kind, items };
}

/** The fields that a condition looks at, each as often as it does. */
export function fieldsOf(node: Expression): string[] {
  if (node.kind === 'not') return fieldsOf(node.item);
  return node.kind === 'and' || node.kind === 'or' ? node.items.flatMap(fieldsOf) : [node.field];
}
