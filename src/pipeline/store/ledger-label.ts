import { type DropReason, dropReasons } from '../../core/record.ts';

/** Names a tenant's dropped records in the minute counts: `#` stands in no tenant's name. */
export const ledgerLabel = (tenant: string, reason: DropReason): string => `${tenant}#${reason}`;

/** Reads a label of the minute counts: a tenant's accepted records, or those of them that were dropped for a reason. */
export function parseLedgerLabel(label: string): { tenant: string; reason: DropReason | undefined } {
  const [tenant = '', reason] = label.split('#');
  return { tenant, reason: dropReasons.find((known) => known === reason) };
}
