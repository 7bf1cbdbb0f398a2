/** Whether an object can be read: at once (a copy brought back: until `untilMs`), not before it is brought back, or once that is done. */
export type Coldness = { state: 'readable'; untilMs: number | undefined } | { state: 'cold' } | { state: 'coming' };

/** How soon and how dearly. Deep Archive knows no `fast`. */
export type RestoreSpeed = 'fast' | 'standard' | 'bulk';

/** Objects of the warm store that lifecycle rules have moved to where they cannot be read at once. */
export interface ColdStore {
  /** @throws AppError NOT_FOUND, STORE_UNAVAILABLE */
  coldness(name: string): Promise<Coldness>;
  /** Asks for a copy that can be read for so many days; nothing happens where one is under way or the object is not cold. @throws AppError NOT_FOUND, STORE_UNAVAILABLE */
  bringBack(name: string, days: number, speed: RestoreSpeed): Promise<void>;
}
