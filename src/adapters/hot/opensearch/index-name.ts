/** Names of indices: `<prefix>logs.<cell>.<observed day>`. A name is listed by what it says, so that nothing has to be looked up. */
export type IndexName = { cell: string; day: string };

export type CellOptions = {
  /** Before every name: a deployment's own, like `staging-`; lower case. */
  prefix: string;
  /** How many cells tenants share. */
  cells: number;
  /** Tenants that have a cell of their own. */
  ownCells: readonly string[];
};

const dayUs = 86_400_000_000;
let lastDay = Number.NaN;
let lastSpelt = '';

/** The observed day of a record, `2026-11-21`; the records of a write mostly share theirs. */
export function dayOf(us: number): string {
  const day = Math.floor(us / dayUs);
  if (day !== lastDay) {
    lastSpelt = new Date((day * dayUs) / 1_000).toISOString().slice(0, 10);
    lastDay = day;
  }
  return lastSpelt;
}

/**
 * The cell that a tenant's records are written to: `t-<tenant>`, or `<number>of<cells>` by hash. The name says how many there are, so that
 * after a change of the number the old cells are still found.
 */
export function cellOf(tenant: string, { cells, ownCells }: CellOptions): string {
  return ownCells.includes(tenant) ? ownCell(tenant) : sharedCell(tenant, cells);
}

const ownCell = (tenant: string): string => `t-${tenant}`;
const sharedCell = (tenant: string, cells: number): string => `${hash(tenant) % cells}of${cells}`;

export const indexName = ({ cell, day }: IndexName, prefix: string): string => `${prefix}logs.${cell}.${day}`;

/** Reads a name; `undefined` for what is none of ours. */
export function parseIndexName(name: string, prefix: string): IndexName | undefined {
  if (!name.startsWith(`${prefix}logs.`)) return undefined;
  const parts = /^(t-[a-z0-9-]{1,40}|\d+of\d+)\.(\d{4,6}-\d\d-\d\d)$/.exec(name.slice(prefix.length + 'logs.'.length));
  return parts ? { cell: parts[1]!, day: parts[2]! } : undefined;
}

/** Whether a cell may hold records of a tenant: the present one, and those of other numbers of cells. */
export function mayHold(cell: string, tenant: string): boolean {
  if (cell === ownCell(tenant)) return true;
  const parts = /^(\d+)of(\d+)$/.exec(cell);
  return parts !== null && cell === sharedCell(tenant, Number(parts[2]));
}

/** FNV-1a, 32 bits. http://www.isthe.com/chongo/tech/comp/fnv/ */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value >>> 0;
}
