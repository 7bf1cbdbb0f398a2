import { normalise } from '../core/normalise.ts';
import type { NormaliseContext } from '../core/normalise-context.ts';
import type { ProcessConfig } from '../core/processor.ts';
import type { LogRecord, Position } from '../core/record.ts';
import { RecordFault } from '../core/record-fault.ts';
import { formatTime } from '../core/time.ts';
import { createProcess, type ProcessContext } from './process.ts';
import type { Explained } from './store-api.ts';

export type ExplainContext = NormaliseContext & { position: Position; maskRecord?: ProcessContext['maskRecord'] };

/** Tells what would become of a record: each step that changes it, and the outcome. Takes a parsed JSON value as accept does; stores nothing. */
export function createExplain(config: ProcessConfig): (raw: unknown, context: ExplainContext) => Explained {
  return (raw, context) => {
    const steps: Explained['steps'] = [];
    const { position, maskRecord, ...normaliseContext } = context;
    const given = normalise(structuredClone(raw), normaliseContext);
    if (given instanceof RecordFault) {
      const place = given.path ? `${given.path}: ` : '';
      return { record: {}, steps, outcome: 'dead', reason: `${given.code}: ${place}${given.detail}` };
    }
    steps.push({ verb: 'accept', name: 'normalise', change: spell(given) });
    let last = given;
    const process = createProcess(config, (name, before, after) => {
      steps.push({ verb: 'process', name, change: after ? changes(before, after) : { dropped: true } });
      last = after ?? before;
    });
    const outcome = process(given, { tenant: context.tenant, position, maskRecord });
    switch (outcome.kind) {
      case 'keep':
        return { record: spell(outcome.record), steps, outcome: 'keep' };
      case 'drop':
        return { record: spell(last), steps, outcome: 'drop', reason: outcome.reason };
      case 'dead':
        return { record: spell(last), steps, outcome: 'dead', reason: `${outcome.code}: ${outcome.detail}` };
    }
  };
}

/** A record as the API spells it: times in RFC 3339, attributes beneath, nothing that is absent. */
function spell(record: LogRecord): Record<string, unknown> {
  const { timestamp, timestamp_ns, observed_timestamp, attributes, severity, ...rest } = record;
  const present = Object.entries(rest).filter(([, value]) => value !== undefined);
  return {
    timestamp: formatTime(timestamp, timestamp_ns),
    observed_timestamp: formatTime(observed_timestamp),
    ...(severity === 0 ? {} : { severity }),
    ...Object.fromEntries(present),
    ...(Object.keys(attributes).length > 0 ? { attributes: { ...attributes } } : {}),
  };
}

/** The fields that differ, attributes one by one as `attributes.name`, with their new values; null for one that is gone. */
function changes(before: LogRecord, after: LogRecord): Record<string, unknown> {
  const old = flat(before);
  const fresh = flat(after);
  const changed = [...fresh].filter(([name, value]) => old.get(name) !== value);
  const gone = [...old.keys()].filter((name) => !fresh.has(name));
  return Object.fromEntries([...changed, ...gone.map((name) => [name, null])]);
}

function flat(record: LogRecord): Map<string, unknown> {
  const { attributes = {}, ...fields } = spell(record) as { attributes?: Record<string, unknown> };
  return new Map([
    ...Object.entries(fields),
    ...Object.entries(attributes).map(([name, value]): [string, unknown] => [`attributes.${name}`, value]),
  ]);
}
