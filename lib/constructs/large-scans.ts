import { ArnFormat, Aws, type Stack } from 'aws-cdk-lib';
import * as athena from 'aws-cdk-lib/aws-athena';
import * as glue from 'aws-cdk-lib/aws-glue';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { parquetFormat, type TableColumn, type TableDefinition, tables } from '../../src/adapters/warm-query/athena/manifest.ts';
import type { LargeScanSettings, StageSettings } from '../stages.ts';

export type LargeScansProps = { stage: StageSettings; settings: LargeScanSettings; bucketName: string; key: IKey };

/** Where Athena puts results, in the bucket of the files. */
export const resultsPrefix = 'athena-results/';

/** Glue takes no `-` in a name that Athena is to read. */
export const namesOfScans = ({ stage }: Pick<StageSettings, 'stage'>): { workGroup: string; database: string } => ({
  workGroup: `logdrive-${stage}`,
  database: `logdrive_${stage.replaceAll('-', '_')}`,
});

/**
 * Athena over the files: a database with the tables that the adapter expects (partition projection: nobody registers partitions), and a work group that
 * every query of the stage runs in. It bounds what one query reads, encrypts results, and takes neither from its callers.
 */
export class LargeScans extends Construct {
  constructor(scope: Construct, id: string, { stage, settings, bucketName, key }: LargeScansProps) {
    super(scope, id);
    const { workGroup, database } = namesOfScans(stage);
    const made = new glue.CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name: database, description: `Logdrive ${stage.stage}: tables over its files` },
    });
    for (const table of tables(`s3://${bucketName}/`))
      new glue.CfnTable(this, `Table-${table.name}`, {
        ...{ catalogId: Aws.ACCOUNT_ID, databaseName: database, tableInput: inputOf(table) },
      }).addResourceDependency(made);
    new athena.CfnWorkGroup(this, 'WorkGroup', {
      name: workGroup,
      description: `Logdrive ${stage.stage}: aggregates over many files`,
      recursiveDeleteOption: true,
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: settings.maxScanGiB * 2 ** 30,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${bucketName}/${resultsPrefix}`,
          encryptionConfiguration: { encryptionOption: 'SSE_KMS', kmsKey: key.keyArn },
        },
      },
    });
  }
}

const inputOf = ({ name, columns, partitionKeys, location, parameters }: TableDefinition): glue.CfnTable.TableInputProperty => ({
  name,
  tableType: 'EXTERNAL_TABLE',
  parameters,
  partitionKeys: columnsOf(partitionKeys),
  storageDescriptor: {
    ...{ location, columns: columnsOf(columns), inputFormat: parquetFormat.inputFormat, outputFormat: parquetFormat.outputFormat },
    serdeInfo: { serializationLibrary: parquetFormat.serde },
  },
});

const columnsOf = (columns: readonly TableColumn[]): glue.CfnTable.ColumnProperty[] => columns.map(({ name, type }) => ({ name, type }));

/** What a role that asks Athena is allowed on; nothing where the stage has none. Athena looks for the database `default` before any other. */
export function resourcesOfScans(
  stage: StageSettings,
  bucketName: string,
  stack: Stack,
): Record<'workGroup' | 'catalogue' | 'attributeTables' | 'results', () => string[]> {
  const { workGroup, database } = namesOfScans(stage);
  const has = (arns: string[]) => (stage.largeScans ? arns : []);
  const ofGlue = (resource: string, resourceName?: string) =>
    stack.formatArn(
      resourceName ? { service: 'glue', resource, resourceName } : { service: 'glue', resource, arnFormat: ArnFormat.NO_RESOURCE_NAME },
    );
  const parents = [ofGlue('catalog'), ofGlue('database', database)];
  const withAttributes = ['logs_*', 'level0_*'].map((name) => ofGlue('table', `${database}/${name}`));
  return {
    workGroup: () => has([stack.formatArn({ service: 'athena', resource: 'workgroup', resourceName: workGroup })]),
    catalogue: () =>
      has([
        ...parents,
        ofGlue('database', 'default'),
        ...['logs', 'level0'].map((name) => ofGlue('table', `${database}/${name}`)),
        ...withAttributes,
      ]),
    attributeTables: () => has([...parents, ...withAttributes]),
    results: () =>
      has([stack.formatArn({ service: 's3', region: '', account: '', resource: bucketName, resourceName: `${resultsPrefix}*` })]),
  };
}
