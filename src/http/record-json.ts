import { formatTime } from '../core/time.ts';

export { recordJson } from '../core/record-json.ts';

/** Epoch milliseconds in RFC 3339, null where there are none. */
export const timeOfMs = (ms: number | undefined): string | null => (ms === undefined ? null : formatTime(ms * 1000));
