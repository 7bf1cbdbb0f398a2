/** The table of all small state: the only index is its key. */
export const stateTable = {
  partitionKey: { name: 'pk', type: 'S' },
  sortKey: { name: 'sk', type: 'S' },
} as const;

/** What the adapter calls on its table: IAM actions. A transaction is allowed by the actions it is made of; `Scan` serves a listing of everything. */
export const iam = {
  dynamodb: [
    'dynamodb:GetItem',
    'dynamodb:PutItem',
    'dynamodb:DeleteItem',
    'dynamodb:ConditionCheckItem',
    'dynamodb:Query',
    'dynamodb:Scan',
  ],
} as const;
