import type * as z from 'zod';

/** What calls a function. */
export type Trigger =
  /** API Gateway, as a proxy of these routes; `{proxy+}` is every path that no other function takes. `streams`: response transfer mode STREAM. */
  | { kind: 'http'; method: 'ANY' | 'GET' | 'POST'; path: string; streams?: boolean }
  /** A Kafka event source: one consumer a partition, in order. Topic without the deployment's prefix. */
  | { kind: 'kafka'; topic: string; batchSize: number; windowS: number }
  /** EventBridge; `pass` is the event's `detail`-less input `{"pass": …}`. */
  | { kind: 'schedule'; every: string; pass: string }
  /** An SQS queue that the stack makes under this name. `partial`: ReportBatchItemFailures. */
  | { kind: 'queue'; queue: string; batchSize: number; partial: true }
  /** The SNS topic of alarms. */
  | { kind: 'alarms' }
  /** EventBridge events that match the pattern. */
  | { kind: 'events'; pattern: { source: string[]; 'detail-type': string[] } }
  /** CloudFormation, through a provider or straight from the resource. */
  | { kind: 'custom-resource' };

/** What a function may do, from which its role is derived: nothing that is not named here. `write` holds `read`. */
export type Needs = {
  /** `read`: by event source only. `write`: appends to `logs.raw`. `read-write`: both. `admin`: makes topics. */
  kafka?: 'read' | 'write' | 'read-write' | 'admin';
  table?: 'read' | 'write';
  /** `write`: conditional puts and reads. `delete`: those, and removes. `restore`: reads, and brings objects back from Glacier. */
  bucket?: 'read' | 'write' | 'delete' | 'restore';
  /** OpenSearch: `admin` makes templates, policies and roles. */
  hot?: 'read' | 'write' | 'admin';
  /** Athena over the bucket's files, where the stage has it. */
  largeScans?: 'ask';
  /** The SQS queue of dead letters. */
  dlq?: 'send' | 'consume';
  /** SNS publish to the notify topic, SES send. */
  notify?: ('sns' | 'ses')[];
};

/** What a function is, as data: its stack is made from it. */
export type FunctionManifest<Env extends z.ZodObject = z.ZodObject> = {
  /** Like its folder; the bundle is `dist/lambdas/<name>/index.mjs`, its handler `index.handler`. */
  name: string;
  description: string;
  /** A stage has it only where this setting of its stream is on. */
  only?: 'door' | 'parsed';
  triggers: Trigger[];
  /** Its environment: input as the stack gives it, output as the function has it. */
  env: Env;
  memoryMb: number;
  timeoutS: number;
  /** x86_64 where the function carries DuckDB, so that what is shipped is what was tested. */
  architecture: 'arm64' | 'x86_64';
  /** Size of `/tmp` where the 512 MiB of Lambda will not do. */
  temporaryMb?: number;
  needs: Needs;
  bundle: {
    /** Largest `index.mjs`, minified; held by a test. */
    maxKb: number;
    /** Longest import in a fresh process, of processor time: some three times of what docs/benchmarks.md shows, for machines of CI. */
    maxImportMs: number;
    /** Why that large. */
    reason: string;
    /** Packages that lie beside the bundle, with their native files. */
    native?: string[];
    /** Packages that must not be reached from the handler. */
    without: string[];
  };
};

/** Ties a manifest to the type of its environment. */
export const defineFunction = <Env extends z.ZodObject>(manifest: FunctionManifest<Env>): FunctionManifest<Env> => manifest;
