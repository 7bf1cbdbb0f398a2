/** One thing that was checked: how it is, what was seen, and what to do where it is not well. */
export type Finding = { name: string; state: 'ok' | 'warn' | 'bad'; found: string; advice?: string };
