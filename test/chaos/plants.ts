/** Bugs that a host can be started with, to see that they are found: what each does is in `plant.ts`. */
export const plants = {
  'ack-before-durable': 'the answer is given before the queue has written the records',
  'keys-forgotten': 'idempotency keys are not asked for, so a repeat is taken in again',
  'commit-before-file': 'the head names a file that is written only a little later',
  'client-ids-unchecked': "committed files are not asked for clients' ids",
  'sealing-hidden': 'queries do not see the oldest rows that are in memory only',
} as const;

export type Plant = keyof typeof plants;
