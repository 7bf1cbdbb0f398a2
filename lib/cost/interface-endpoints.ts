import type { StageSettings } from '../stages.ts';

/**
 * Names the services that functions and event sources reach from within the network, beside S3 and DynamoDB: dead letters go to SQS, and
 * pollers on demand call Lambda and STS from the brokers' subnets; provisioned ones do not.
 * https://docs.aws.amazon.com/lambda/latest/dg/with-msk-cluster-network.html
 */
export const interfaceEndpoints = ({ stream, functions, search, largeScans }: StageSettings): string[] => [
  'sqs',
  ...(functions.pollers === 'on-demand' && stream.kind !== 'external' ? ['lambda', 'sts'] : []),
  // The query function is inside the network where it has a domain to ask.
  ...(largeScans && search && !search.externalUrl ? ['athena'] : []),
];
