import * as z from 'zod';
import { defineManifest } from '../../core/processor.ts';

const name = z.string().regex(/^[A-Za-z_]\w{0,60}$/);
const pattern = z.string().min(1).max(2_000);

export default defineManifest({
  name: 'grok',
  summary:
    'Reads a text by grok patterns, as Logstash names them (`%{IP:client_ip} %{NUMBER:ms:float}`); the first that matches gives its fields to the record',
  options: {
    pattern: z.union([pattern, z.array(pattern).min(1).max(50)]).meta({ description: 'a pattern, or several to try in order; unanchored' }),
    field: z.string().min(1).default('message').meta({ description: 'the field that is read' }),
    definitions: z.record(name, pattern).default({}).meta({ description: 'patterns of your own by name' }),
  },
  examples: [
    {
      name: 'a line of a service',
      options: { pattern: '^%{LOGLEVEL:level} \\[%{DATA:thread}\\] %{IPORHOST:client_ip} took %{NUMBER:latency_ms:float} ms' },
      in: { message: 'WARN [pool-3] 10.0.0.7 took 12.5 ms' },
      out: { level: 'warn', severity: 13, attributes: { thread: 'pool-3', client_ip: '10.0.0.7', latency_ms: 12.5 } },
    },
    {
      name: 'a definition of your own, and a captured message',
      options: { pattern: '^%{ORDER:order.id}: %{GREEDYDATA:message}', definitions: { ORDER: 'ORD-\\d{1,9}' } },
      in: { message: 'ORD-17: paid' },
      out: { message: 'paid', attributes: { 'order.id': 'ORD-17' } },
    },
    { name: 'no pattern matches', options: { pattern: ['^a%{INT:n:int}$', '^b%{INT:n:int}$'] }, in: { message: 'c7' }, out: {} },
  ],
});
