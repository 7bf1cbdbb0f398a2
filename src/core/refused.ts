/** A message that accept refused, as it stands in the raw topic: what was wrong with it, and its masked bytes as text. */
export type Refused = { code: string; detail: string; body: string };

const mark = 'logdrive-refused ';

/** Spells a refused message as a JSON string: no accepted record is one, so that every sink sets it aside, under its own code and with its own bytes. */
export const refusedLine = (refused: Refused): string => JSON.stringify(mark + JSON.stringify(refused));

/** Reads such a string back; undefined for any other value. */
export function refusedOf(raw: unknown): Refused | undefined {
  if (typeof raw !== 'string' || !raw.startsWith(mark)) return undefined;
  try {
    const { code, detail, body } = JSON.parse(raw.slice(mark.length)) as Partial<Refused>;
    return typeof code === 'string' && typeof detail === 'string' && typeof body === 'string' ? { code, detail, body } : undefined;
  } catch {
    return undefined;
  }
}
