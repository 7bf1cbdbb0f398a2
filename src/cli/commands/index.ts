import type { Command } from '../command.ts';

/** A command as the list of all shows it; the rest is loaded when it is called, so that each starts quickly. */
export type Entry = { name: string; summary: string; load(): Promise<Command> };

/** Every command, in the order in which a newcomer meets them. */
export const commands: Entry[] = [
  { name: 'up', summary: 'Runs the whole platform in this process', load: async () => (await import('./up.ts')).up },
  { name: 'send', summary: 'Sends files or standard input as records', load: async () => (await import('./send.ts')).send },
  { name: 'query', summary: 'Finds records, or counts and groups them', load: async () => (await import('./query.ts')).query },
  {
    name: 'export',
    summary: 'Writes all records that match, as NDJSON or CSV',
    load: async () => (await import('./export.ts')).exportRecords,
  },
  { name: 'tail', summary: 'Shows records as they come in', load: async () => (await import('./tail.ts')).tail },
  { name: 'ledger', summary: 'Accounts for every accepted record', load: async () => (await import('./ledger.ts')).ledger },
  {
    name: 'explain',
    summary: 'Shows what would happen to a record, or what a query would read',
    load: async () => (await import('./explain.ts')).explain,
  },
  {
    name: 'simulate',
    summary: 'Plays six services of a shop: their logs, bursts, errors, traces',
    load: async () => (await import('./simulate.ts')).simulate,
  },
  {
    name: 'alerts',
    summary: 'Shows what fires and who was told; acknowledges; explains where an alert would go',
    load: async () => (await import('./alerts.ts')).alerts,
  },
  { name: 'silences', summary: 'Keeps alerts from being told for a time', load: async () => (await import('./silences.ts')).silences },
  { name: 'channels', summary: 'Lists ways to tell people, and tests them', load: async () => (await import('./channels.ts')).channels },
  { name: 'keys', summary: 'Makes, lists, rotates and revokes API keys', load: async () => (await import('./keys.ts')).keys },
  {
    name: 'rules',
    summary: 'Keeps alert rules, tests them, and tries them on stored data',
    load: async () => (await import('./rules.ts')).rules,
  },
  { name: 'dlq', summary: 'Shows records that could not pass, and sends them again', load: async () => (await import('./dlq.ts')).dlq },
  {
    name: 'doctor',
    summary: 'Checks this machine, the configuration and the server, and says what to do',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  { name: 'cost', summary: 'Estimates what a stage costs on AWS', load: async () => (await import('./cost.ts')).cost },
  {
    name: 'bench',
    summary: 'Measures how fast the server takes records in and makes them searchable',
    load: async () => (await import('./bench.ts')).bench,
  },
];
