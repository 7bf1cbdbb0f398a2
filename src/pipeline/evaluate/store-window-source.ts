import type { GroupValue, RuleSignal } from '../../alerts/rule/rule.ts';
import { type Family, type SlotRow, slotOf, type WindowSource } from '../../alerts/windows/window-source.ts';
import type { Signal } from '../../core/signal.ts';
import { allOf, type Expression, everything } from '../../query/ast/expression.ts';
import type { AggregatePlan, GroupKey, GroupRow } from '../../query/plan.ts';
import type { StoreApi } from '../store-api.ts';

export type StoreWindowSourceDeps = {
  storeOf(signal: Signal): Pick<StoreApi, 'aggregate' | 'watermark'>;
  /** @default 15 s */
  slotUs?: number;
};

/** So many rows of one answer are the most that is asked for. */
const maxRows = 2_000_000;

/** Windows counted by the stores' own aggregates: every slot is asked for once, when it is due. */
export function createStoreWindowSource({ storeOf, slotUs = 15e6 }: StoreWindowSourceDeps): WindowSource {
  const groups = async (tenant: string, signal: RuleSignal, rest: Pick<AggregatePlan, 'time' | 'where' | 'groupBy' | 'aggregates'>) =>
    (await storeOf(signal).aggregate({ tenant, ...rest, orderBy: [], limit: maxRows })).rows;
  return {
    slotUs,
    watermark: (signal) => storeOf(signal).watermark(),
    async read(tenant, family, fromUs, toUs) {
      if (fromUs >= toUs) return [];
      const { shape } = family;
      const groupBy: GroupKey[] = [...keysOf(family), { kind: 'bucket', stepUs: slotUs, as: 'slot' }];
      if (shape.kind === 'values') groupBy.push({ kind: 'field', field: shape.field, as: 'value' });
      const rows = await groups(tenant, family.signal, {
        time: { fromUs, toUs },
        where: whereOf(family),
        groupBy,
        aggregates: aggregatesOf(family),
      });
      return shape.kind === 'values' ? joinValues(rows, family) : rows.map((row) => rowOf(row, family));
    },
    async lastSeen(tenant, family, fromUs, toUs) {
      if (fromUs >= toUs) return [];
      const rows = await groups(tenant, family.signal, {
        ...{ time: { fromUs, toUs }, where: whereOf(family), groupBy: keysOf(family) },
        aggregates: [{ fn: 'max', field: 'timestamp', as: 'last' }],
      });
      return rows.flatMap((row) => (row.last === null ? [] : [{ key: keyOf(row, family), slotUs: slotOf(Number(row.last), slotUs) }]));
    },
    async changedSlots(tenant, signal, { fromUs, toUs, observedFromUs, observedToUs }) {
      if (fromUs >= toUs) return [];
      const field = 'observed_timestamp';
      const rows = await groups(tenant, signal, {
        time: { fromUs, toUs },
        where: allOf({ kind: 'compare', op: '>=', field, value: observedFromUs }, { kind: 'compare', op: '<', field, value: observedToUs }),
        groupBy: [{ kind: 'bucket', stepUs: slotUs, as: 'slot' }],
        aggregates: [{ fn: 'count', as: 'n' }],
      });
      return rows.map(({ slot }) => Number(slot)).sort((a, b) => a - b);
    },
  };
}

const keysOf = ({ by }: Family): GroupKey[] => by.map((field, i) => ({ kind: 'field', field, as: `k${i}` }));

const keyOf = (row: GroupRow, { by }: Family): GroupValue[] => by.map((_, i) => row[`k${i}`] ?? null);

/** Of a field's totals only records count whose value is a number: every number is one of these. */
function whereOf({ where, shape }: Family): Expression {
  if (shape.kind === 'count') return where;
  const { field } = shape;
  const isNumber: Expression = {
    kind: 'or',
    items: [
      { kind: 'compare', op: '>=', field, value: 0 },
      { kind: 'compare', op: '<', field, value: 0 },
    ],
  };
  return allOf(where === everything ? undefined : where, shape.kind === 'totals' || shape.isNumeric ? isNumber : { kind: 'exists', field });
}

function aggregatesOf({ shape }: Family): AggregatePlan['aggregates'] {
  if (shape.kind !== 'totals') return [{ fn: 'count', as: 'n' }];
  const { field } = shape;
  return [
    { fn: 'count', as: 'n' },
    { fn: 'sum', field, as: 'sum' },
    { fn: 'min', field, as: 'min' },
    { fn: 'max', field, as: 'max' },
  ];
}

function rowOf(row: GroupRow, family: Family): SlotRow {
  const { n, sum, min, max } = row;
  const isTotals = family.shape.kind === 'totals';
  return {
    slotUs: Number(row.slot),
    key: keyOf(row, family),
    part: {
      count: Number(n),
      sum: isTotals ? Number(sum) : 0,
      min: isTotals ? Number(min) : Number.POSITIVE_INFINITY,
      max: isTotals ? Number(max) : Number.NEGATIVE_INFINITY,
      values: undefined,
    },
  };
}

/** Rows of one value each become one row with its values. */
function joinValues(rows: GroupRow[], family: Family): SlotRow[] {
  const joined = new Map<string, SlotRow>();
  for (const row of rows) {
    const next = rowOf(row, family);
    const name = JSON.stringify([next.slotUs, next.key]);
    let known = joined.get(name);
    if (!known) {
      known = { ...next, part: { ...next.part, count: 0, values: new Map() } };
      joined.set(name, known);
    }
    known.part.count += next.part.count;
    known.part.values!.set(row.value!, next.part.count);
  }
  return [...joined.values()];
}
