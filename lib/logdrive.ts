import { join } from 'node:path';
import { type Environment, Tags } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { LogFunction } from './constructs/log-function.ts';
import type { Parts } from './parts.ts';
import { AlarmsStack } from './stacks/alarms.ts';
import { DashboardStack } from './stacks/dashboard.ts';
import { IngestStack } from './stacks/ingest.ts';
import { NetworkStack } from './stacks/network.ts';
import { ProcessStack } from './stacks/process.ts';
import { type Search, SearchStack } from './stacks/search.ts';
import { StorageStack } from './stacks/storage.ts';
import { type Stream, StreamStack } from './stacks/stream.ts';
import type { StageSettings } from './stages.ts';

export type LogdriveProps = {
  /** The settings of the stage: one of `stages`, or one's own by `defineStage`. */
  stage: StageSettings;
  /** Account and region. @default those of whoever deploys */
  env?: Environment;
  /** Folder with a folder for each function's bundle. @default 'dist/lambdas' of this project: run `npm run bundle` first */
  bundles?: string;
};

/** A whole stage of Logdrive: its stacks, in the order of a record's way. Another CDK app makes one below its own app. */
export class Logdrive extends Construct {
  readonly network: NetworkStack | undefined;
  readonly storage: StorageStack;
  readonly stream: Stream;
  readonly search: Search | undefined;
  readonly ingest: IngestStack;
  readonly process: ProcessStack;
  /** Every function, by the name of its manifest. */
  readonly functions: Map<string, LogFunction>;

  constructor(scope: Construct, id: string, { stage, env, bundles = join(import.meta.dirname, '../dist/lambdas') }: LogdriveProps) {
    super(scope, id);
    const { egress, tags } = stage;
    const named = (name: string) => ({
      ...(env ? { env } : {}),
      stackName: `logdrive-${stage.stage}-${name}`,
      terminationProtection: stage.retain && ['storage', 'stream', 'search'].includes(name),
    });
    this.network = egress === 'none' ? undefined : new NetworkStack(this, 'network', { ...named('network'), stage });
    this.storage = new StorageStack(this, 'storage', { ...named('storage'), stage });
    this.stream = this.makeStream(stage, named('stream'));
    this.search = this.makeSearch(stage, named('search'));

    const parts: Parts = {
      ...{ stage, network: this.network, storage: this.storage, stream: this.stream, search: this.search },
      topicPrefix: `${stage.stage}.`,
      bundleOf: (name) => join(bundles, name),
    };
    this.ingest = new IngestStack(this, 'ingest', { ...named('ingest'), parts });
    this.process = new ProcessStack(this, 'process', { ...named('process'), parts, others: this.ingest.functions });
    this.functions = new Map([...this.ingest.functions, ...this.process.functions]);
    new AlarmsStack(this, 'alarms', { ...named('alarms'), parts, functions: this.functions });
    new DashboardStack(this, 'dashboard', { ...named('dashboard'), parts, ingest: this.ingest, functions: this.functions });

    // Cost Explorer groups by these once they are activated as cost allocation tags.
    for (const [name, value] of Object.entries({ 'logdrive:stage': stage.stage, ...tags })) Tags.of(this).add(name, value);
    for (const stack of this.node.children) Tags.of(stack).add('logdrive:component', stack.node.id);
  }

  private makeStream(stage: StageSettings, named: { stackName: string }): Stream {
    const { kind, externalBrokers } = stage.stream;
    if (kind === 'external') return { brokers: externalBrokers, auth: 'plain' };
    if (!this.network) throw new Error(`stage ${stage.stage}: MSK needs a network; egress may not be none`);
    return new StreamStack(this, 'stream', { ...named, stage, network: this.network });
  }

  private makeSearch(stage: StageSettings, named: { stackName: string }): Search | undefined {
    if (!stage.search) return undefined;
    if (stage.search.externalUrl) return { url: stage.search.externalUrl };
    if (!this.network) throw new Error(`stage ${stage.stage}: an OpenSearch domain needs a network; egress may not be none`);
    return new SearchStack(this, 'search', { ...named, stage, search: stage.search, network: this.network });
  }
}
