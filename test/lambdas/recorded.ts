import { readFileSync } from 'node:fs';

/** An event as AWS sends it, of `events/<name>.json`. */
export const recorded = <T = Record<string, unknown>>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./events/${name}.json`, import.meta.url), 'utf8')) as T;
