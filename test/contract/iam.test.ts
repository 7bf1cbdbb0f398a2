import { expect, test } from 'vitest';
import { permissions } from '../../lib/permissions.ts';
import { iam as deadLetters } from '../../src/adapters/dead-letters/sqs/manifest.ts';
import { iam as mail } from '../../src/adapters/notify/ses/manifest.ts';
import { iam as topic } from '../../src/adapters/notify/sns/manifest.ts';
import { iam as state } from '../../src/adapters/state/dynamodb/manifest.ts';
import { iam as warm } from '../../src/adapters/warm/s3/manifest.ts';

const granted = (grants: { actions: string[] }[]) => grants.flatMap(({ actions }) => actions);

test.each([
  ['the state store', state.dynamodb, permissions.table.write],
  ['the warm store', [...warm.s3, ...warm.s3Bucket], permissions.bucket.delete],
  ['dead letters in the table', deadLetters.dynamodb, permissions.table.write],
  ['dead letters in the queue', deadLetters.sqs, permissions.dlq.consume],
  ['bodies of dead letters', deadLetters.s3, permissions.bucket.write],
  ['SNS', topic.sns, permissions.notify.sns],
  ['SES', mail.ses, permissions.notify.ses],
])('%s may do what it calls', (_, called, grants) => {
  expect([...called].filter((action) => !granted(grants).includes(action))).toEqual([]);
});
