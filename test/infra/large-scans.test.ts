import { describe, expect, test } from 'vitest';
import { stages } from '../../lib/stages.ts';
import { tables } from '../../src/adapters/warm-query/athena/manifest.ts';
import { resourcesOf, type Statement } from './checks.ts';
import { synthesise } from './synthesised.ts';

type Columns = { Name: string; Type: string }[];
type TableInput = { Parameters: object; PartitionKeys: Columns; StorageDescriptor: { Columns: Columns } };

const prod = synthesise(stages.prod);
const dev = synthesise(stages.dev);
const queryStatements = (templates: typeof prod): Statement[] =>
  resourcesOf({ ingest: templates.ingest! }, 'AWS::IAM::Policy')
    .filter(({ id }) => /^query/.test(id))
    .flatMap(({ properties }) => (properties.PolicyDocument as { Statement: Statement[] }).Statement);

describe('a stage with large scans', () => {
  test('has the tables that the adapter expects, with their projection, over its bucket', () => {
    const made = resourcesOf(prod, 'AWS::Glue::Table').map(({ properties }) => properties);
    const expected = tables('s3://BUCKET/');
    expect(made.map(({ DatabaseName }) => DatabaseName)).toEqual(expected.map(() => 'logdrive_prod'));
    for (const [i, { name, columns, partitionKeys, parameters }] of expected.entries()) {
      const input = made[i]!.TableInput as TableInput;
      expect(input).toMatchObject({ Name: name, TableType: 'EXTERNAL_TABLE' });
      expect(input.StorageDescriptor.Columns.map(({ Name, Type }) => ({ name: Name, type: Type }))).toEqual(columns);
      expect(input.PartitionKeys.map(({ Name }) => Name)).toEqual(partitionKeys.map((key) => key.name));
      expect(Object.keys(input.Parameters).sort()).toEqual(Object.keys(parameters).sort());
      expect(JSON.stringify(input.StorageDescriptor)).toContain('logdrive-prod-');
    }
  });

  test('bounds what a query reads, and encrypts results where it says', () => {
    const [group] = resourcesOf(prod, 'AWS::Athena::WorkGroup');
    expect(group!.properties.WorkGroupConfiguration).toMatchObject({
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 100 * 2 ** 30,
      ResultConfiguration: { EncryptionConfiguration: { EncryptionOption: 'SSE_KMS', KmsKey: expect.anything() } },
    });
    expect(JSON.stringify(group!.properties)).toContain('/athena-results/');
  });

  test('lets the query function ask its own work group, make tables of attributes only, and write nothing but results', () => {
    const statements = queryStatements(prod);
    const on = (action: string) =>
      statements
        .filter(({ Action }) => [Action].flat().includes(action))
        .flatMap(({ Resource }) => [Resource].flat().map((each) => JSON.stringify(each)));
    expect(on('athena:StartQueryExecution')).toEqual([expect.stringContaining(':workgroup/logdrive-prod')]);
    expect(on('glue:CreateTable').filter((arn) => arn.includes(':table/'))).toEqual([
      expect.stringContaining(':table/logdrive_prod/level0_*'),
      expect.stringContaining(':table/logdrive_prod/logs_*'),
    ]);
    expect(on('s3:PutObject')).toEqual([expect.stringContaining('/athena-results/*')]);
    expect(
      statements.flatMap(({ Action }) => Action).filter((action) => /^glue:(Delete|Update)|^athena:(Create|Delete|Update)/.test(action)),
    ).toEqual([]);
  });

  test('reaches Athena from within its network, and tells the function where the work goes over', () => {
    const services = resourcesOf(prod, 'AWS::EC2::VPCEndpoint').map(({ properties }) => JSON.stringify(properties.ServiceName));
    expect(services.filter((name) => name.includes('.athena'))).toHaveLength(1);
    const query = resourcesOf(prod, 'AWS::Lambda::Function').find(({ properties }) => properties.FunctionName === 'logdrive-prod-query');
    expect((query!.properties.Environment as { Variables: object }).Variables).toMatchObject({
      LOGDRIVE_ATHENA_WORK_GROUP: 'logdrive-prod',
      LOGDRIVE_ATHENA_DATABASE: 'logdrive_prod',
      LOGDRIVE_ATHENA_ABOVE_MIB: '512',
    });
  });
});

test('a stage without large scans has nothing of Athena, neither resources nor permissions nor variables', () => {
  for (const type of ['AWS::Athena::WorkGroup', 'AWS::Glue::Database', 'AWS::Glue::Table'])
    expect(resourcesOf(dev, type), type).toEqual([]);
  expect(JSON.stringify(queryStatements(dev))).not.toMatch(/athena|glue/);
  expect(JSON.stringify(dev)).not.toContain('LOGDRIVE_ATHENA');
});
