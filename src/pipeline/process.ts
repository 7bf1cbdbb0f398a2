import type { ProcessConfig, Processor, Step, StepContext } from '../core/processor.ts';
import type { DropReason, LogRecord, Outcome } from '../core/record.ts';
import { SetAside } from '../core/set-aside.ts';
import { processors } from '../processors/registry.ts';
import { autoParse } from './auto-parse.ts';
import { isPlain, type PlainTest } from './is-plain.ts';
import { boundRegexes } from './linear-regexes.ts';

/** Whose record it is and where it stands; `maskRecord` hides what parsing may have brought to light, and gives the same object where that is nothing. */
export type ProcessContext = StepContext & { maskRecord?: ((record: LogRecord) => LogRecord) | undefined };

export type Process = {
  (record: LogRecord, context: ProcessContext): Outcome;
  /** Tells by their messages which records surely pass as they are, but for a severity that was not given; absent where none does. */
  isPlain?: PlainTest | undefined;
};

/** Told of each step that changed the record or dropped it (`after` is then undefined). */
export type ProcessObserver = (name: string, before: LogRecord, after: LogRecord | undefined) => void;

type NamedStep = { name: string; run: Step; drops: DropReason };

/**
 * Makes the pure function that takes a normalised record to what the stores keep: automatic parsing, the configured steps in order, and the masks
 * again where anything changed. It never throws: a step that fails makes the outcome `dead`, with code PROCESS_FAILED unless it gave one. What comes out always has a
 * severity from 1 to 24.
 * @throws AppError INVALID_CONFIG for a grok pattern that cannot be used, a step that asks for nothing
 */
export function createProcess(config: ProcessConfig, observe?: ProcessObserver): Process {
  boundRegexes();
  const steps = config.steps.map(namedStep);
  if (config.parse === 'auto') steps.unshift({ name: 'auto', run: (record) => autoParse(record, observe), drops: 'rule' });
  const process = (given: LogRecord, context: ProcessContext): Outcome => {
    let record = given;
    for (const { name, run, drops } of steps) {
      let after: LogRecord | undefined;
      try {
        after = run(record, context);
      } catch (thrown) {
        return setAside(name, thrown);
      }
      if (observe && after !== record && name !== 'auto') observe(name, record, after);
      if (after === undefined) return { kind: 'drop', reason: drops };
      record = after;
    }
    if (record !== given && context.maskRecord) record = masked(record, context.maskRecord, observe);
    return { kind: 'keep', record: record.severity === 0 ? { ...record, severity: 9 } : record };
  };
  const plainTest = config.parse === 'auto' ? isPlain : () => true;
  return Object.assign(process, { isPlain: config.steps.length === 0 ? plainTest : undefined });
}

function setAside(step: string, thrown: unknown): Outcome {
  const detail = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof SetAside) return { kind: 'dead', code: thrown.code, detail };
  return { kind: 'dead', code: 'PROCESS_FAILED', detail: `${step} failed: ${detail}` };
}

function namedStep({ use, ...options }: ProcessConfig['steps'][number]): NamedStep {
  const { manifest, create } = processorNamed(use);
  return { name: use, run: create(options), drops: manifest.drops ?? 'rule' };
}

/** The processor of a step; the configuration's schema has seen to it that there is one. */
function processorNamed(name: string): Processor {
  const found = processors.find(({ manifest }) => manifest.name === name);
  if (!found) throw new TypeError(`no processor is named ${name}`);
  return found;
}

function masked(record: LogRecord, mask: (record: LogRecord) => LogRecord, observe: ProcessObserver | undefined): LogRecord {
  const after = mask(record);
  if (observe && after !== record) observe('mask', record, after);
  return after;
}
