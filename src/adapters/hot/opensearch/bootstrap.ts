import { type OpenSearchClient, Refused } from './client.ts';
import {
  type ClusterOptions,
  type Holders,
  indexTemplate,
  ismPolicy,
  policyName,
  roleMapping,
  roleName,
  roles,
  templateName,
} from './cluster-documents.ts';

export type EnsureOptions = ClusterOptions & {
  /** Roles and who holds them, for a cluster with the security plugin; left alone where absent. */
  holders?: Holders;
};

/** What became of one document; `absent` where the cluster lacks the plugin for it. */
export type Ensured = { what: string; state: 'written' | 'unchanged' | 'absent' };

/**
 * Makes the index template, the lifecycle policy, roles and their mappings what they should be. Doing it twice changes nothing; a change of settings
 * is written over what was there.
 * @throws AppError STORE_UNAVAILABLE
 * @throws Refused where the caller may not
 */
export async function ensure(client: OpenSearchClient, options: EnsureOptions): Promise<Ensured[]> {
  const { prefix, holders } = options;
  const done: Ensured[] = [];
  await client.json('PUT', `/_index_template/${templateName(prefix)}`, indexTemplate(options));
  done.push({ what: 'index template', state: 'written' });
  done.push({ what: 'lifecycle policy', state: await ensurePolicy(client, options) });
  if (!holders) return done;
  for (const [name, role] of Object.entries(roles(prefix)) as [keyof Holders, object][]) {
    done.push({ what: `role ${name}`, state: await ensureSecurity(client, `roles/${roleName(prefix, name)}`, role) });
    const mapping = roleMapping(holders[name]);
    done.push({ what: `mapping of role ${name}`, state: await ensureSecurity(client, `rolesmapping/${roleName(prefix, name)}`, mapping) });
  }
  return done;
}

type StoredPolicy = { _seq_no: number; _primary_term: number; policy: { description: string; states: unknown; default_state: string } };

async function ensurePolicy(client: OpenSearchClient, options: EnsureOptions): Promise<Ensured['state']> {
  const path = `/_plugins/_ism/policies/${policyName(options.prefix)}`;
  const wanted = ismPolicy(options);
  try {
    const stored = await client.json<Partial<StoredPolicy>>('GET', path, undefined, { accepted: [404] });
    if (stored._seq_no === undefined) await client.json('PUT', path, wanted);
    else if (stored.policy?.description === wanted.policy.description) return 'unchanged';
    else await client.json('PUT', `${path}?if_seq_no=${stored._seq_no}&if_primary_term=${stored._primary_term}`, wanted);
    return 'written';
  } catch (error) {
    if (lacksPlugin(error)) return 'absent';
    throw error;
  }
}

async function ensureSecurity(client: OpenSearchClient, path: string, document: object): Promise<Ensured['state']> {
  try {
    await client.json('PUT', `/_plugins/_security/api/${path}`, document);
    return 'written';
  } catch (error) {
    if (lacksPlugin(error)) return 'absent';
    throw error;
  }
}

/** A node without the plugin knows no such path. */
const lacksPlugin = (error: unknown): boolean => error instanceof Refused && /no handler found for uri/.test(error.message);
