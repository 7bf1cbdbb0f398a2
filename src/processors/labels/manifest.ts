import * as z from 'zod';
import { defineManifest } from '../../core/processor.ts';

const value = z.union([z.string(), z.number(), z.boolean()]);

export default defineManifest({
  name: 'labels',
  summary: 'Sets fixed attributes; the fields `service`, `env` and `host` only where the record has none',
  options: {
    set: z
      .record(z.string().min(1).max(200), value)
      .refine((set) => Object.keys(set).length > 0, 'name at least one attribute')
      .meta({ description: 'attributes and their values; `service`, `env` and `host` mean those fields of the record' }),
    overwrite: z.boolean().default(false).meta({ description: 'whether an attribute that the record already has is replaced' }),
  },
  examples: [
    {
      name: 'a team by service',
      options: { when: { field: 'service', equals: 'checkout' }, set: { team: 'payments', tier: 1 } },
      in: { service: 'checkout', attributes: { team: 'shop' } },
      out: { attributes: { team: 'shop', tier: 1 } },
    },
    { name: 'an environment for what names none', options: { set: { env: 'prod' } }, in: {}, out: { env: 'prod' } },
    {
      name: 'overwriting',
      options: { set: { team: 'payments' }, overwrite: true },
      in: { attributes: { team: 'shop' } },
      out: { attributes: { team: 'payments' } },
    },
  ],
});
