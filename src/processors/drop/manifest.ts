import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'drop',
  summary: 'Drops the records that satisfy the condition; the ledger counts them as dropped(rule)',
  options: {},
  drops: 'rule',
  needsCondition: true,
  examples: [
    {
      name: 'health checks',
      options: { when: { field: 'path', equals: '/health' } },
      in: { attributes: { path: '/health' } },
      out: undefined,
    },
    {
      name: 'a list of conditions must hold as a whole',
      options: {
        when: [
          { field: 'level', equals: ['debug', 'trace'] },
          { field: 'service', matches: '^canary-', not: true },
        ],
      },
      in: { level: 'debug', severity: 5, service: 'canary-1' },
      out: {},
    },
  ],
});
