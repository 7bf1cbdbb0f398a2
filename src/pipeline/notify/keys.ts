/** Keys of the state store that notify owns. */
export const notifyKeys = {
  groups: 'alerts/groups/',
  group: (tenant: string, id: string) => `alerts/groups/${tenant}/${id}`,
  pending: 'alerts/pending/',
  pendingOne: (tenant: string, id: string) => `alerts/pending/${tenant}/${id}`,
  settled: (tenant: string) => `alerts/deliveries/${tenant}/`,
  settledAll: 'alerts/deliveries/',
  settledOne: (tenant: string, atMs: number, id: string) => `alerts/deliveries/${tenant}/${String(atMs).padStart(15, '0')}-${id}`,
  routing: (tenant: string) => `alerts/routing/${tenant}`,
  silences: (tenant: string) => `alerts/silences/${tenant}/`,
  silence: (tenant: string, id: string) => `alerts/silences/${tenant}/${id}`,
  channels: (tenant: string) => `alerts/channels/${tenant}/`,
  channel: (tenant: string, name: string) => `alerts/channels/${tenant}/${name}`,
  heartbeat: (name: string) => `alerts/heartbeat/${name}`,
} as const;
