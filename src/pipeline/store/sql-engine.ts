import { setImmediate as yieldToLoop } from 'node:timers/promises';
import { aggregate, canAggregate } from '../../columnar/aggregate.ts';
import { attributeColumn, overflowColumn } from '../../columnar/columns.ts';
import type { ColumnPlace } from '../../columnar/directory.ts';
import { type EncodedPart, encodeTable, type PartInfo } from '../../columnar/encode.ts';
import type { Part } from '../../columnar/part.ts';
import type { SourceRef } from '../../columnar/sources.ts';
import type { Table } from '../../columnar/table.ts';
import { seenOf, visibilityOf } from '../../columnar/visibility.ts';
import { intersect } from '../../core/intervals.ts';
import { fieldOf } from '../../query/ast/fields.ts';
import type { QueryRun } from '../../query/budget.ts';
import type { AggregatePlan, Groups, PlanPositions, Snapshot } from '../../query/plan.ts';
import type { WarmFile, WarmQuery } from '../../query/ports/warm-query.ts';
import type { SourceFinder, Sources } from './sources.ts';

/** Runs an aggregate in SQL over the same sources as our reader; undefined where our reader is to do it. */
export type SqlEngine = { aggregate(plan: AggregatePlan, query: QueryRun): Promise<Groups | undefined> };

export type SqlEngineDeps = {
  warmQuery: WarmQuery;
  sources: SourceFinder;
  /** Above so many bytes of files it is asked for every aggregate: our reader would take longer than whoever asks waits. */
  largeBytes?: number | undefined;
  /** Up to so many rows our reader gathers anything sooner than another engine starts. */
  fewRows?: number;
};

/**
 * Makes the engine for the aggregates that our reader leaves alone, and those that gather an attribute whose values rarely repeat, over many rows. It
 * names to `warmQuery` the files that may hold rows of the query, with the offsets that are visible in each, and writes the tables in memory as
 * files that live as long as the query.
 */
export function createSqlEngine({
  warmQuery,
  sources,
  largeBytes = Number.POSITIVE_INFINITY,
  fewRows = 100_000,
}: SqlEngineDeps): SqlEngine {
  async function hasFewRows({ tables, files, snapshot }: Sources, plan: AggregatePlan, query: QueryRun): Promise<boolean> {
    const counting: AggregatePlan = {
      ...(snapshot ? { snapshot } : {}),
      ...plan,
      groupBy: [],
      aggregates: [{ fn: 'count', as: 'rows' }],
      orderBy: [],
      limit: 1,
    };
    const { rows } = await sources.withFiles(files, (refs) => aggregate([...tables, ...refs], counting, query));
    return Number(rows[0]?.rows) <= fewRows;
  }

  return {
    async aggregate(plan, query) {
      const attributes = gatheredColumns(plan);
      if (canAggregate(plan) && attributes.size === 0 && largeBytes === Number.POSITIVE_INFINITY) return undefined;
      const found = await sources.find(plan.tenant, plan.time);
      const isLarge = found.files.reduce((bytes, { info }) => bytes + info.bytes, 0) > largeBytes;
      if (canAggregate(plan) && attributes.size === 0 && !isLarge) return undefined;
      const { snapshot = found.snapshot, positions, ...rest } = plan;
      const limits: Limits = { snapshot, positions };
      let isMany = isLarge || !canAggregate(plan);
      const committed = await sources.withFiles(found.files, async (refs) =>
        refs.flatMap((ref, i) => {
          const part = ref.source as Part;
          isMany ||= part.groups.some(({ place }) => place.columns.some((column) => attributes.has(column.name) && hasManyValues(column)));
          const columns = part.groups.flatMap(({ place }) => place.columns.map(({ name }) => name));
          return warmFile(ref, found.files[i]!.file, part.info, [...new Set(columns)], rest, limits);
        }),
      );
      if (!isMany || (!isLarge && (await hasFewRows(found, plan, query)))) return undefined;
      const inMemory: WarmFile[] = [];
      for (const ref of found.tables) inMemory.push(...(await fileOfTable(ref, rest, limits)));
      const files = [...committed, ...inMemory];
      const groups = await warmQuery.aggregate(files, rest, query);
      if (groups) groups.stats.filesPruned = found.files.length - committed.length;
      return groups;
    },
  };
}

/** The columns of attributes whose values our reader would have to gather. */
function gatheredColumns({ groupBy, aggregates }: AggregatePlan): Set<string> {
  const fields = [...groupBy, ...aggregates].flatMap((item) =>
    'field' in item && (!('fn' in item) || item.fn === 'distinct') ? [item.field] : [],
  );
  const keys = fields.map(fieldOf).flatMap((field) => (field.kind === 'attribute' ? [field.key] : []));
  return new Set(keys.flatMap((key) => [attributeColumn('str', key), attributeColumn('num', key)]));
}

/** Whether most values of a column were distinct when it was written, and not few. */
const hasManyValues = ({ encoding, pages, nulls }: ColumnPlace): boolean =>
  encoding === 'plain' && pages.reduce((rows, [, , , count]) => rows + count, -nulls) >= manyValues;

const manyValues = 10_000;

type Scope = Pick<AggregatePlan, 'tenant' | 'time'>;
type Limits = { snapshot: Snapshot | undefined; positions: PlanPositions | undefined };

function warmFile(
  { only, time }: SourceRef,
  content: WarmFile['content'],
  info: PartInfo,
  columns: string[],
  scope: Scope,
  { snapshot, positions }: Limits,
): WarmFile[] {
  const visibility = visibilityOf(snapshot, only, positions);
  const seen = seenOf(info, visibility);
  const isOutside = info.maxTimestamp < scope.time.fromUs || info.minTimestamp >= scope.time.toUs;
  if (isOutside || seen === 'none' || !info.tenants.includes(scope.tenant)) return [];
  const file: WarmFile = { content, bytes: info.bytes, columns, ...(time ? { time } : {}) };
  if (seen === 'all' || !visibility) return [file];
  const visible = info.offsets.map(({ generation, partition, offsets }) => ({
    generation,
    partition,
    offsets: visibility(generation, partition).reduce((rest, limit) => intersect(rest, limit), offsets),
  }));
  return [{ ...file, only: visible.filter(({ offsets }) => offsets.length > 0) }];
}

async function fileOfTable(ref: SourceRef, scope: Scope, limits: Limits): Promise<WarmFile[]> {
  const table = ref.source as Table;
  const isOutside = table.maxTimestamp < scope.time.fromUs || table.minTimestamp >= scope.time.toUs;
  if (table.rows === 0 || isOutside || table.fixed.tenant.codeOf(scope.tenant) === 0) return [];
  const columns = [...table.attributes.map(({ name }) => name), ...(table.overflow ? [overflowColumn] : [])];
  const { bytes, info } = await encodeInSlices(table);
  return warmFile(ref, bytes, info, columns, scope, limits);
}

async function encodeInSlices(table: Table): Promise<EncodedPart> {
  const encoding = encodeTable(table);
  for (;;) {
    const step = encoding.next();
    if (step.done) return step.value;
    await yieldToLoop();
  }
}
