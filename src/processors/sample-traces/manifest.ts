import * as z from 'zod';
import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'sample-traces',
  summary:
    'Keeps a share of the traces, chosen by their id, so that a trace is kept or dropped as a whole whoever sends its parts; errors are kept always; the ledger counts the others as dropped(sampled)',
  options: { keep: z.number().min(0).max(1).meta({ description: 'the share of traces that is kept, from 0 to 1' }) },
  drops: 'sampled',
  examples: [
    { name: 'none', options: { keep: 0 }, in: { trace_id: '0af7651916cd43dd8448eb211c80319c' }, out: undefined },
    {
      name: 'an error is kept',
      options: { keep: 0 },
      in: { level: 'error', severity: 17, trace_id: '0af7651916cd43dd8448eb211c80319c' },
      out: { level: 'error', severity: 17, trace_id: '0af7651916cd43dd8448eb211c80319c' },
    },
    { name: 'what belongs to no trace is kept', options: { keep: 0 }, in: {}, out: {} },
  ],
});
