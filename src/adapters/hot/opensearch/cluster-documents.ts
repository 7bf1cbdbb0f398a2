import { type IndexOptions, indexBody, layoutVersion } from './index-body.ts';

/** What a cluster is told beside the indices themselves. */
export type ClusterOptions = {
  prefix: string;
  shape: IndexOptions;
  /** Observed days that stay. */
  hotDays: number;
};

/** Who may do what: names of backend roles (ARNs of IAM roles on AWS). */
export type Holders = { writer: readonly string[]; reader: readonly string[]; keeper: readonly string[]; people: readonly string[] };

export const templateName = (prefix: string): string => `${prefix}logdrive-logs`;
export const policyName = (prefix: string): string => `${prefix}logdrive-logs`;
export const roleName = (prefix: string, role: keyof Holders): string => `${prefix}logdrive_${role}`;

const pattern = (prefix: string): string => `${prefix}logs.*`;

/** The template of an index that a write makes before the adapter does: one that was deleted a moment ago, say. */
export function indexTemplate({ prefix, shape }: ClusterOptions) {
  return {
    index_patterns: [pattern(prefix)],
    priority: 200,
    template: indexBody(shape),
    _meta: { logdrive_layout: layoutVersion },
  };
}

/**
 * Deletes indices that outlived their days, should retention not have done it: a day is written to until it is over, so its index is a day older
 * than what it holds. A day later than that, since queries that began before their day was over may still ask for it. https://docs.opensearch.org/latest/im-plugin/ism/policies/
 */
export function ismPolicy({ prefix, hotDays }: ClusterOptions) {
  return {
    policy: {
      description: `Logdrive: observed days beyond ${hotDays} are deleted`,
      default_state: 'hot',
      states: [
        { name: 'hot', actions: [], transitions: [{ state_name: 'gone', conditions: { min_index_age: `${hotDays + 2}d` } }] },
        { name: 'gone', actions: [{ retry: { count: 3, backoff: 'exponential', delay: '1m' }, delete: {} }], transitions: [] },
      ],
      ism_template: [{ index_patterns: [pattern(prefix)], priority: 200 }],
    },
  };
}

const looks = ['indices:admin/resolve/index', 'indices:admin/mappings/get', 'indices:admin/get'];

/**
 * What each part of the platform may do, on our indices and nothing else. People read through Dashboards; they see every tenant, since a cell holds
 * several. https://docs.opensearch.org/latest/security/access-control/permissions/
 */
export function roles(prefix: string) {
  const onLogs = (actions: string[]) => [{ index_patterns: [pattern(prefix)], allowed_actions: actions }];
  const reading = ['indices:data/read/search*', 'indices:data/read/msearch*', ...looks];
  return {
    writer: {
      cluster_permissions: ['indices:data/write/bulk', 'indices:data/read/mget', 'indices:data/read/msearch'],
      index_permissions: onLogs([
        ...reading,
        'indices:data/write/bulk*',
        'indices:data/write/index',
        'indices:data/read/mget*',
        'indices:admin/create',
        'indices:admin/mapping/auto_put',
        'indices:admin/refresh*',
      ]),
    },
    reader: { cluster_permissions: ['indices:data/read/msearch'], index_permissions: onLogs(reading) },
    keeper: {
      cluster_permissions: ['cluster:monitor/state', 'cluster:monitor/health'],
      index_permissions: onLogs([...looks, 'indices:monitor/*', 'indices:admin/delete']),
    },
    people: {
      cluster_permissions: ['cluster_composite_ops_ro'],
      index_permissions: [
        ...onLogs([
          'read',
          'indices:admin/mappings/fields/get*',
          'indices:admin/mappings/get',
          'indices:admin/resolve/index',
          'indices:monitor/settings/get',
        ]),
        {
          index_patterns: ['.kibana', '.kibana-6', '.kibana_*', '.opensearch_dashboards', '.opensearch_dashboards_*'],
          allowed_actions: ['read'],
        },
      ],
    },
  } satisfies Record<
    keyof Holders,
    { cluster_permissions: string[]; index_permissions: { index_patterns: string[]; allowed_actions: string[] }[] }
  >;
}

export const roleMapping = (holders: readonly string[]) => ({ backend_roles: [...holders] });
