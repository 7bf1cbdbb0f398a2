import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { MaskSettings } from '../../core/mask-settings.ts';
import type { Log } from '../../core/ports/log.ts';
import type { StateStore } from '../../core/ports/state-store.ts';
import type { ProcessConfig } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import { mask, maskRecord } from '../accept/mask.ts';
import { createExplain } from '../explain.ts';
import { type Process as BareProcess, createProcess } from '../process.ts';
import { processRulesKey } from '../process-rules.ts';
import { recordsOf } from '../records-of.ts';
import type { Processing } from './types.ts';

export type ProcessingDeps = {
  state: StateStore;
  /** The rules as they are now, with their version. */
  rules: ProcessConfig;
  /** Of a tenant; the same object until they change. */
  maskSettings(tenant: string): MaskSettings;
  clock: Clock;
  log: Log;
};

const hash128 = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32);

/** Makes what every sink does to a record, from the rules of its version and its tenant's masks. Rules of former versions are read once. */
export function createProcessing({ state, rules, maskSettings, clock, log }: ProcessingDeps): Processing {
  const maskOf = (tenant: string) => (record: LogRecord) => {
    const copy = { ...record, attributes: { ...record.attributes } };
    return maskRecord(copy, maskSettings(tenant)) > 0 ? copy : record;
  };
  const bound = new Map<number, Promise<BareProcess>>([[rules.version, Promise.resolve(createProcess(rules))]]);
  const rulesOf = async (version: number): Promise<BareProcess> => {
    const stored = await state.get<ProcessConfig>(processRulesKey(version));
    if (!stored) log.warn({ version }, 'process rules of this version are not known, the present ones are used');
    return createProcess(stored?.value ?? rules);
  };
  const processOf: Processing['processOf'] = async (version) => {
    const known = bound.get(version) ?? rulesOf(version);
    bound.set(version, known);
    const process = await known.catch((error: unknown) => {
      bound.delete(version);
      throw error;
    });
    return (record, { tenant, position }) => process(record, { tenant, position, maskRecord: maskOf(tenant) });
  };
  const explain = createExplain(rules);

  return {
    decode: (batch) => recordsOf(batch, { hash: hash128 }),
    processOf,
    async retry({ tenant, position, observedUs, body, code, detail }) {
      // Nobody's message becomes nobody's record, whatever is in it.
      if (code === 'UNAUTHENTICATED') return { kind: 'dead', code, detail };
      const payload = Buffer.from(body);
      const request = { tenant, observedUs, format: 'ndjson', payload, total: 1, accepted: undefined, count: 1 } as const;
      const batch = { ...request, defaults: {}, requestId: '', rulesVersion: rules.version, idempotency: undefined };
      const [item] = recordsOf({ ...batch, ...position, baseOffset: position.offset }, { hash: hash128 });
      if (!item || 'fault' in item) return { kind: 'dead', code: item?.fault.code ?? 'MISSING', detail: item?.fault.detail ?? 'no record' };
      return (await processOf(rules.version))(item.record, { tenant, position });
    },
    explain(tenant, raw) {
      const { masked, counts } = mask(Buffer.from(JSON.stringify(raw)), maskSettings(tenant));
      const position = { generation: 0, partition: 0, offset: 0 };
      const context = { tenant, observedUs: clock.nowMs() * 1_000, defaults: {}, hash: hash128, position, maskRecord: maskOf(tenant) };
      const explained = explain(JSON.parse(Buffer.from(masked).toString()), context);
      if (Object.keys(counts).length > 0) explained.steps.unshift({ verb: 'accept', name: 'mask', change: counts });
      return explained;
    },
  };
}
