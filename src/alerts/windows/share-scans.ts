import { allOf, type Expression, type Scalar } from '../../query/ast/expression.ts';
import { fieldOf, recordFields } from '../../query/ast/fields.ts';
import { printWhere } from '../../query/ast/json.ts';
import { normalise } from '../../query/ast/visit.ts';
import { nameOf } from './slot-book.ts';
import type { Family } from './window-source.ts';

/** What is wanted of a family: slots so far back, and which groups were seen so far back. Microseconds. */
export type Want = { family: Family; keepUs: number; seenUs: number };

/** One scan of the store, for all families that differ only in the constants of their equalities. The first `lifted` keys of `family` are those. */
export type Scan = { id: string; family: Family; lifted: number; keepUs: number; seenUs: number };

/** Where a family's groups stand: in which scan, and under which values of its lifted fields. */
export type Share = { scan: Scan; under: string };

type Parted = { want: Want; fields: string[]; constants: Scalar[]; rest: Expression };

/**
 * Finds as few scans as do for all families. Families that are the same but for what some fields equal become one scan that groups by those fields: a
 * thousand rules for a thousand services read the store once.
 */
export function shareScans(wants: readonly Want[]): { scans: Scan[]; shares: Share[] } {
  const shares: Share[] = [];
  const scans: Scan[] = [];
  const parted = wants.map(partOf);
  const alike = Map.groupBy(
    parted.map((part, index) => ({ part, index })),
    ({ part }) => shapeOf(part),
  );
  for (const [id, members] of alike) {
    const names = new Set(members.map(({ part }) => nameOf(part.constants)));
    const { fields } = members[0]!.part;
    const isOne = names.size === 1 || fields.length === 0;
    const family = isOne ? members[0]!.part.want.family : grouped(members.map(({ part }) => part));
    const keepUs = Math.max(...members.map(({ part }) => part.want.keepUs));
    const seenUs = Math.max(...members.map(({ part }) => part.want.seenUs));
    const scan: Scan = {
      // What it reads, and how far back, is a part of its name: a scan that reads more than before is another, and read anew.
      id: `${id}${JSON.stringify([printWhere(family.where), keepUs, seenUs])}`,
      family,
      lifted: isOne ? 0 : fields.length,
      keepUs,
      seenUs,
    };
    scans.push(scan);
    for (const { part, index } of members) shares[index] = { scan, under: isOne ? '' : nameOf(part.constants) };
  }
  return { scans, shares };
}

function partOf(want: Want): Parted {
  const where = normalise(want.family.where);
  const items = where.kind === 'and' ? where.items : [where];
  const constants = new Map<string, Scalar>();
  const rest: Expression[] = [];
  for (const item of items) {
    if (item.kind === 'compare' && item.op === '=' && isLiftable(item.field) && !constants.has(item.field))
      constants.set(item.field, item.value);
    else rest.push(item);
  }
  const fields = [...constants.keys()].sort();
  return { want, fields, constants: fields.map((field) => constants.get(field)!), rest: { kind: 'and', items: rest } };
}

/** Fields whose values are gathered cheaply, and compare as they are. */
function isLiftable(name: string): boolean {
  const field = fieldOf(name);
  if (field.kind === 'attribute') return true;
  return recordFields[field.name] !== 'time' && !['id', 'tenant', 'message', 'trace_id', 'span_id'].includes(field.name);
}

const shapeOf = ({ want: { family }, fields, rest }: Parted): string =>
  JSON.stringify([family.signal, family.shape, family.by, fields, printWhere(rest)]);

function grouped(members: Parted[]): Family {
  const [first] = members;
  const { want, fields, rest } = first!;
  const among = fields.map(
    (field, i): Expression => ({ kind: 'in', field, values: [...new Set(members.map(({ constants }) => constants[i]!))] }),
  );
  return { ...want.family, where: allOf(rest, ...among), by: [...fields, ...want.family.by] };
}
