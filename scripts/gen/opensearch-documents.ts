import { indexTemplate, ismPolicy, roleMapping, roles } from '../../src/adapters/hot/opensearch/cluster-documents.ts';
import { savedObjectsNdjson } from '../../src/adapters/hot/opensearch/dashboards/saved-objects.ts';

/** What `ensure` and `importSavedObjects` send with their defaults, for clusters that are set up by hand. */
export function openSearchDocuments(): Record<string, string> {
  const options = { prefix: '', hotDays: 7, shape: { shards: 1, replicas: 1, maxFields: 1_000, refreshInterval: '1s' } };
  const documents: Record<string, unknown> = {
    'index-template.json': indexTemplate(options),
    'lifecycle-policy.json': ismPolicy(options),
    ...Object.fromEntries(Object.entries(roles('')).map(([name, role]) => [`role-${name}.json`, role])),
    'role-mapping.json': roleMapping(['arn:aws:iam::123456789012:role/logdrive-index']),
  };
  const files = Object.fromEntries(
    Object.entries(documents).map(([file, document]) => [`deploy/opensearch/${file}`, `${JSON.stringify(document, null, 2)}\n`]),
  );
  return { ...files, 'deploy/opensearch-dashboards/logdrive.ndjson': savedObjectsNdjson() };
}
