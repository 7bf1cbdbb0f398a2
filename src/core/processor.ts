import * as z from 'zod';
import { type Condition, compileCondition, conditionSchema } from './condition.ts';
import type { DropReason, LogRecord, Position } from './record.ts';

/** What a step may know beside the record. */
export type StepContext = { tenant: string; position: Position };

/**
 * One step: a pure function of one record. Gives the same object where it changes nothing, a new one where it does (never writes into what it was
 * given), `undefined` to drop the record. Throws `SetAside` for a record that is to be a dead letter; whatever else it throws makes one too.
 */
export type Step = (record: LogRecord, context: StepContext) => LogRecord | undefined;

/**
 * What a step does to a record: a test and a piece of the documentation. `in` holds the fields in which the record differs from an empty one,
 * `out` those in which the outcome differs from `in`; `undefined` when it is dropped. `dead` is the code of a record that is set aside.
 */
export type Example<Options> = { name: string; options: Options; in: Partial<LogRecord> } & (
  | { out: Partial<LogRecord> | undefined }
  | { dead: string }
);

/** A processor as data: what the registry, the configuration and the reference are made from. */
export type ProcessorManifest<Shape extends z.ZodRawShape = z.ZodRawShape> = {
  name: string;
  /** One sentence, third person, without the full stop. */
  summary: string;
  /** Its options by name, each with a description. */
  options: Shape;
  /** Why records do not get past it, for the ledger. */
  drops?: DropReason;
  /** Refuses to be configured without `when`. */
  needsCondition?: boolean;
  examples: Example<z.input<z.ZodObject<Shape & { when: z.ZodOptional<typeof conditionSchema> }>>>[];
};

export type Processor = {
  manifest: ProcessorManifest;
  /** Makes the step from checked options; `when` is seen to here. */
  create(options: Record<string, unknown>): Step;
};

export const defineManifest = <Shape extends z.ZodRawShape>(manifest: ProcessorManifest<Shape>): ProcessorManifest<Shape> => manifest;

/** Makes a processor of its manifest and the function that turns options into a step. */
export function defineProcessor<Shape extends z.ZodRawShape>(
  manifest: ProcessorManifest<Shape>,
  create: (options: z.output<z.ZodObject<Shape>>) => Step,
): Processor {
  return {
    manifest: manifest as unknown as ProcessorManifest,
    create: ({ when, ...options }) => {
      const step = create(options as z.output<z.ZodObject<Shape>>);
      if (when === undefined) return step;
      const holds = compileCondition(when as Condition);
      return (record, context) => (holds(record, context.tenant) ? step(record, context) : record);
    },
  };
}

/** The schema of one configured step of a processor: its name under `use`, `when`, and its own options beside them. */
export function stepSchema({ name, summary, options, needsCondition }: ProcessorManifest) {
  const when = conditionSchema.meta({ description: 'only records that satisfy this; a list must hold as a whole' });
  return z.strictObject({ use: z.literal(name), when: needsCondition ? when : when.optional(), ...options }).meta({ description: summary });
}

/** A configured step whose options were checked against its processor. */
export type StepConfig = { use: string; when?: Condition } & Record<string, unknown>;

/** What `process` is to do: `process` in logdrive.yaml. */
export type ProcessConfig = { version: number; parse: 'auto' | 'off'; steps: StepConfig[] };

/** The schema of {@link ProcessConfig} over the known processors. */
export function processConfigSchema(processors: Processor[]): z.ZodType<ProcessConfig> {
  const steps = processors.map(({ manifest }) => stepSchema(manifest));
  return z
    .strictObject({
      version: z.int().min(1).default(1).meta({ description: 'version of the rules; raise it with each change' }),
      parse: z
        .enum(['auto', 'off'])
        .default('auto')
        .meta({ description: 'whether messages are recognised by their first characters and parsed before the steps' }),
      steps: z
        .array(z.discriminatedUnion('use', steps as unknown as [(typeof steps)[0], ...typeof steps]))
        .default([])
        .meta({ description: 'processors in the order in which they run' }),
    })
    .prefault({}) as unknown as z.ZodType<ProcessConfig>;
}
