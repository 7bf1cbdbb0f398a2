import * as z from 'zod';
import { conditionSchema } from '../../core/condition.ts';
import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'require',
  summary:
    'Sets records aside that lack a field or fail a condition: they become dead letters, counted and kept, and a redrive brings them home once the rules have changed',
  options: {
    fields: z.array(z.string().min(1)).default([]).meta({ description: 'fields that a record must have' }),
    that: conditionSchema.optional().meta({ description: 'what must hold; a list must hold as a whole' }),
    reason: z
      .string()
      .min(1)
      .max(200)
      .default('a condition that the rules require does not hold')
      .meta({ description: 'what dead letters say where `that` does not hold' }),
  },
  examples: [
    {
      name: 'a field that is missing',
      options: { fields: ['order.id'], when: { field: 'service', equals: 'checkout' } },
      in: { service: 'checkout', attributes: { 'order.total': 3 } },
      dead: 'REQUIRED_FIELD_MISSING',
    },
    {
      name: 'a value that cannot be',
      options: { that: { field: 'currency', equals: ['EUR', 'USD'] }, reason: 'the currency is none that is sold in' },
      in: { attributes: { currency: 'EURO' } },
      dead: 'REQUIREMENT_NOT_MET',
    },
    { name: 'all is well', options: { fields: ['host'] }, in: { host: 'web-1' }, out: {} },
  ],
});
