import * as z from 'zod';
import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'sample',
  summary:
    'Keeps a share of the records, chosen by their position, so that every sink and every repetition keeps the same ones; the ledger counts the others as dropped(sampled)',
  options: {
    keep: z.number().min(0).max(1).meta({ description: 'the share that is kept, from 0 to 1' }),
    salt: z.string().max(100).default('').meta({ description: 'two steps with different salts choose independently of each other' }),
  },
  drops: 'sampled',
  examples: [
    {
      name: 'none of the debug records',
      options: { when: { field: 'level', equals: 'debug' }, keep: 0 },
      in: { level: 'debug', severity: 5 },
      out: undefined,
    },
    { name: 'all', options: { keep: 1 }, in: {}, out: {} },
  ],
});
