import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import * as z from 'zod';
import { ensure } from '../../src/adapters/hot/opensearch/bootstrap.ts';
import { OpenSearchClient } from '../../src/adapters/hot/opensearch/client.ts';
import { ismPolicy, roleMapping, roles } from '../../src/adapters/hot/opensearch/cluster-documents.ts';

// No node of ours has the lifecycle and the security plugin. These schemas are their documentation, as far as our documents use it.
const duration = z.string().regex(/^\d+[dhms]$/);
const action = z.strictObject({
  retry: z.strictObject({ count: z.number(), backoff: z.enum(['exponential', 'constant', 'linear']), delay: duration }).optional(),
  delete: z.strictObject({}),
});
const transition = z.strictObject({ state_name: z.string(), conditions: z.strictObject({ min_index_age: duration }) });
const policySchema = z
  .strictObject({
    policy: z.strictObject({
      description: z.string(),
      default_state: z.string(),
      states: z.array(z.strictObject({ name: z.string(), actions: z.array(action), transitions: z.array(transition) })),
      ism_template: z.array(z.strictObject({ index_patterns: z.array(z.string()), priority: z.number().int().nonnegative() })),
    }),
  })
  .refine(({ policy }) => {
    const names = policy.states.map(({ name }) => name);
    return [policy.default_state, ...policy.states.flatMap(({ transitions }) => transitions.map(({ state_name }) => state_name))].every(
      (name) => names.includes(name),
    );
  }, 'a state that is named must be there');
const roleSchema = z.strictObject({
  cluster_permissions: z.array(z.string().regex(/^(cluster|indices):[a-z/_*]+$|^[a-z_]+$/)),
  index_permissions: z.array(
    z.strictObject({
      index_patterns: z.array(z.string()).min(1),
      allowed_actions: z.array(z.string().regex(/^indices:[a-z/_*]+$|^[a-z_]+$/)).min(1),
    }),
  ),
});
const shape = { shards: 1, replicas: 1, maxFields: 1_000, refreshInterval: '1s' };

test('policy, roles and mappings have the shape of their documentation', () => {
  const policy = policySchema.parse(ismPolicy({ prefix: 'a-', shape, hotDays: 7 }));
  expect(policy.policy.states[0]?.transitions[0]?.conditions.min_index_age).toBe('9d');
  expect(policy.policy.ism_template[0]?.index_patterns).toEqual(['a-logs.*']);
  for (const role of Object.values(roles('a-'))) {
    for (const { index_patterns } of roleSchema.parse(role).index_permissions) {
      expect(index_patterns.every((pattern) => pattern === 'a-logs.*' || pattern.startsWith('.'))).toBe(true);
    }
  }
  expect(z.strictObject({ backend_roles: z.array(z.string()) }).parse(roleMapping(['arn']))).toEqual({ backend_roles: ['arn'] });
  expect(policySchema.safeParse({ policy: { ...policy.policy, default_state: 'nowhere' } }).success).toBe(false);
});

test('nobody but the keeper may delete, and no reader may write', () => {
  const { writer, reader, keeper, people } = roles('');
  const may = (role: { index_permissions: { allowed_actions: string[] }[] }) =>
    role.index_permissions.flatMap(({ allowed_actions }) => allowed_actions);
  for (const role of [writer, reader, people]) expect(may(role).filter((name) => name.includes('delete') || name === '*')).toEqual([]);
  for (const role of [reader, keeper, people]) expect(may(role).filter((name) => name.includes('write'))).toEqual([]);
  expect(may(keeper)).toContain('indices:admin/delete');
});

test('ensure writes a changed policy over the old one by its version, and leaves an equal one alone', async () => {
  // As the plugin's documentation has it: what is there answers with its version, an update names it.
  let stored: { _seq_no: number; policy: unknown } | undefined;
  const seen: string[] = [];
  const server: Server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const path = incoming.url ?? '';
      if (incoming.method !== 'GET') seen.push(`${incoming.method} ${path}`);
      if (!path.includes('_ism') || (incoming.method === 'GET' && stored))
        return outgoing.end(JSON.stringify(stored ? { ...stored, _primary_term: 1 } : {}));
      if (incoming.method === 'GET')
        return outgoing.writeHead(404).end('{"error":{"type":"status_exception","reason":"Policy not found"}}');
      if (stored && !path.includes(`if_seq_no=${stored._seq_no}&if_primary_term=1`)) return outgoing.writeHead(409).end('{}');
      stored = { _seq_no: (stored?._seq_no ?? 0) + 1, ...(JSON.parse(Buffer.concat(chunks).toString()) as { policy: unknown }) };
      outgoing.writeHead(201).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const client = new OpenSearchClient({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
  const holders = { writer: ['w'], reader: ['r'], keeper: [], people: [] };
  const stateOf = async (hotDays: number) =>
    (await ensure(client, { prefix: '', shape, hotDays, holders })).find(({ what }) => what === 'lifecycle policy')?.state;
  try {
    expect([await stateOf(7), await stateOf(7), await stateOf(14)]).toEqual(['written', 'unchanged', 'written']);
    expect(seen.filter((line) => line.includes('_ism'))).toEqual([
      'PUT /_plugins/_ism/policies/logdrive-logs',
      'PUT /_plugins/_ism/policies/logdrive-logs?if_seq_no=1&if_primary_term=1',
    ]);
    expect(seen).toContain('PUT /_plugins/_security/api/rolesmapping/logdrive_writer');
  } finally {
    client.close();
    server.close();
  }
});

test('the files under deploy/opensearch are these documents', () => {
  expect(policySchema.parse(JSON.parse(readFileSync('deploy/opensearch/lifecycle-policy.json', 'utf8'))).policy.description).toContain('7');
});
