import { type DropReason, dropReasons } from '../../core/record.ts';

/** Names a tenant's dropped records in the minute counts: `#` stands in no tenant's name. */
export const ledgerLabel = (tenant: string, reason: DropReason): string => `${tenant}#${reason}`;
/** Names a tenant's records that died, whatever became of them later. */
export const deadLabel = (tenant: string): string => `${tenant}#dead`;
/** Names those of them that were redriven. */
export const redrivenLabel = (tenant: string): string => `${tenant}#redriven`;

/** A label of the minute counts: a tenant's accepted records, or those of them that something became of. */
export type ParsedLabel = { tenant: string; reason: DropReason | undefined; mark: 'dead' | 'redriven' | undefined };

/** Reads a label of the minute counts. */
export function parseLedgerLabel(label: string): ParsedLabel {
  const [tenant = '', of] = label.split('#');
  return { tenant, reason: dropReasons.find((known) => known === of), mark: of === 'dead' || of === 'redriven' ? of : undefined };
}
