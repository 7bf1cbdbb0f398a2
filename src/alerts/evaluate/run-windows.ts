import type { Scan } from '../windows/share-scans.ts';
import type { SlotBook } from '../windows/slot-book.ts';
import type { WindowSource } from '../windows/window-source.ts';
import type { CompiledRules } from './compile.ts';

/**
 * Brings the books of a tenant's scans to where the windows that end in (`doneUs`, `toUs`] can be evaluated: what is missing is read, a book that
 * does not reach back far enough is filled from the start. What no later window needs is let go.
 */
export async function fillBooks(
  source: WindowSource,
  { tenant, scans, books }: CompiledRules,
  doneUs: number,
  toUs: number,
): Promise<void> {
  for (const scan of scans) await fillBook(source, tenant, scan, books.get(scan.id)!, doneUs, toUs);
}

async function fillBook(source: WindowSource, tenant: string, scan: Scan, book: SlotBook, doneUs: number, toUs: number): Promise<void> {
  const { slotUs } = source;
  const neededUs = Math.max(0, doneUs + slotUs - scan.keepUs);
  if (book.fromUs === book.toUs || book.fromUs > neededUs || book.toUs < neededUs) {
    book.fromUs = neededUs;
    book.toUs = neededUs;
    const seenFromUs = Math.max(0, doneUs - scan.seenUs);
    if (seenFromUs < neededUs)
      for (const { key, slotUs: seenUs } of await source.lastSeen(tenant, scan.family, seenFromUs, neededUs)) book.note(key, seenUs);
  }
  if (book.toUs < toUs) {
    book.put(await source.read(tenant, scan.family, book.toUs, toUs));
    book.toUs = toUs;
  }
  book.trim(neededUs, doneUs - scan.seenUs);
}

/** Reads slots anew that got records after they were read. */
export async function rereadSlots(source: WindowSource, { tenant, scans, books }: CompiledRules, slots: readonly number[]): Promise<void> {
  for (const scan of scans) {
    const book = books.get(scan.id)!;
    const inBook = slots.filter((slotUs) => slotUs >= book.fromUs && slotUs < book.toUs);
    if (inBook.length === 0) continue;
    const rows = await source.read(tenant, scan.family, Math.min(...inBook), Math.max(...inBook) + source.slotUs);
    const bySlot = Map.groupBy(rows, ({ slotUs }) => slotUs);
    for (const slotUs of inBook) book.replace(slotUs, bySlot.get(slotUs) ?? []);
  }
}
