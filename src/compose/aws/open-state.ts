import type { Environment } from '../../../lambdas/environment.ts';
import { dynamoDbClient } from '../../adapters/state/dynamodb/client.ts';
import { DynamoDbStateStore } from '../../adapters/state/dynamodb/dynamodb-state-store.ts';
import type { StateStore } from '../../core/ports/state-store.ts';

/** The state, in DynamoDB. */
export const openState = ({ LOGDRIVE_TABLE }: Environment<'LOGDRIVE_TABLE'>): StateStore =>
  new DynamoDbStateStore({ client: dynamoDbClient(), table: LOGDRIVE_TABLE });
