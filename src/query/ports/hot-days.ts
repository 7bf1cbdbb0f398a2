/** What the hot store holds of one observed day in one cell (the tenants that share an index), `2026-11-21`. */
export type HotDay = { cell: string; day: string; records: number; bytes: number };

/** The days a hot store holds, for retention: offsets observed on a day that is gone have expired. */
export interface HotDays {
  /** Oldest first. @throws AppError STORE_UNAVAILABLE */
  days(): Promise<HotDay[]>;
  /** Deletes a day of a cell at once; false where there was none. @throws AppError STORE_UNAVAILABLE */
  dropDay(cell: string, day: string): Promise<boolean>;
}
