import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import type { PoisonMarker } from '../../pipeline/store/poison.ts';

/** Three float64 a partition: offset, count, attempts; attempts 0 means that nothing is being worked on. */
const slotBytes = 24;

/**
 * Marks what is being worked on in a small file, without a sync: it is to outlive the process, not the machine. One write of 24 bytes a mark.
 */
export function openPoisonFile(path: string): PoisonMarker & { close(): void } {
  const descriptor = openSync(path, 'a+');
  closeSync(descriptor);
  const file = openSync(path, 'r+');
  const slot = new Float64Array(3);
  return {
    read(partition) {
      slot.fill(0);
      readSync(file, slot, 0, slotBytes, partition * slotBytes);
      const [offset = 0, count = 0, attempts = 0] = slot;
      return attempts > 0 ? { offset, count, attempts } : undefined;
    },
    write(partition, mark) {
      slot.set(mark ? [mark.offset, mark.count, mark.attempts] : [0, 0, 0]);
      writeSync(file, slot, 0, slotBytes, partition * slotBytes);
    },
    close: () => closeSync(file),
  };
}
