import { CloudFormationClient, GetTemplateCommand, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import type { DeployedStage } from '../../src/cli/stage/read-stage.ts';

type Resource = { type: string; id: string };
export type Fate = { goes: Resource[]; stays: (Resource & { reason: string })[] };

const reasons: Record<string, string> = {
  'AWS::S3::Bucket': 'it holds the records; empty it and remove it by hand: aws s3 rb --force s3://NAME (older versions too)',
  'AWS::DynamoDB::Table':
    'it says which record is where, and holds the keys; without it the files cannot be queried. Its deletion protection is on',
  'AWS::KMS::Key': 'without it nothing that it encrypted can be read again; schedule its deletion once the rest is gone',
  'AWS::SQS::Queue': 'it holds records that could not pass',
  'AWS::MSK::Cluster': 'it may hold records that no store has yet; it goes on costing until it is removed by hand',
  'AWS::MSK::ServerlessCluster': 'it may hold records that no store has yet; it goes on costing until it is removed by hand',
  'AWS::OpenSearchService::Domain': 'it holds the hot days; it goes on costing until it is removed by hand',
  'AWS::Cognito::UserPool': 'it holds the people who may see Dashboards',
};

/** What becomes of each resource of a stage when its stacks are removed, from the templates that are deployed. */
export async function fateOf({ stacks }: DeployedStage): Promise<Fate> {
  const client = new CloudFormationClient({});
  const fate: Fate = { goes: [], stays: [] };
  for (const { name: StackName } of stacks) {
    const { TemplateBody = '{}' } = await client.send(new GetTemplateCommand({ StackName }));
    const { Resources = {} } = JSON.parse(TemplateBody) as { Resources?: Record<string, { Type: string; DeletionPolicy?: string }> };
    const physical = new Map<string | undefined, string | undefined>();
    for await (const { StackResourceSummaries = [] } of paginateListStackResources({ client }, { StackName }))
      for (const { LogicalResourceId, PhysicalResourceId } of StackResourceSummaries) physical.set(LogicalResourceId, PhysicalResourceId);
    for (const [logicalId, { Type: type, DeletionPolicy }] of Object.entries(Resources)) {
      const resource = { type, id: physical.get(logicalId) ?? logicalId };
      if (DeletionPolicy === 'Retain') fate.stays.push({ ...resource, reason: reasons[type] ?? 'its stack retains it' });
      else fate.goes.push(resource);
    }
  }
  client.destroy();
  return fate;
}
