import { outboxPrefix } from '../../alerts/transition.ts';

/** Where alerting keeps what in the state store. */
export const ruleKeys = {
  /** Changes with every change of any rule. */
  revision: 'alerts/rules-revision',
  rules: 'alerts/rules/',
  rulesOf: (tenant: string) => `alerts/rules/${tenant}/`,
  rule: (tenant: string, name: string) => `alerts/rules/${tenant}/${name}`,
  versionsOf: (tenant: string, name: string) => `alerts/rule-versions/${tenant}/${name}/`,
  version: (tenant: string, name: string, version: number) => `alerts/rule-versions/${tenant}/${name}/${String(version).padStart(6, '0')}`,
  pagesOf: (tenant: string) => `alerts/pages/${tenant}/`,
  page: (tenant: string, bits: string) => `alerts/pages/${tenant}/${bits}`,
  /** Ends of windows at which the ledger was behind, ascending. */
  behind: (tenant: string) => `alerts/behind/${tenant}`,
  historyOf: (tenant: string, day: string) => `alerts/history/${tenant}/${day}/`,
  history: (tenant: string, day: string, atUs: number, part: string) => `alerts/history/${tenant}/${day}/${timeKey(atUs)}-${part}`,
  outbox: (tenant: string, atUs: number, part: string) => `${outboxPrefix}${tenant}/${timeKey(atUs)}-${part}`,
} as const;

const timeKey = (us: number): string => String(us).padStart(17, '0');
