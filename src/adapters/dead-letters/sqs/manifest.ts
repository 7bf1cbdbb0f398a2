/** Where large bodies are, in the bucket of the warm store. */
export const bodiesPrefix = 'dead-letters/';

/** What the adapter calls on the table, the queue and the bucket: IAM actions. Without `reconcile`, `sqs:SendMessage` is enough on the queue. */
export const iam = {
  dynamodb: [
    'dynamodb:GetItem',
    'dynamodb:BatchGetItem',
    'dynamodb:PutItem',
    'dynamodb:UpdateItem',
    'dynamodb:DeleteItem',
    'dynamodb:Query',
  ],
  sqs: ['sqs:SendMessage', 'sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:ChangeMessageVisibility', 'sqs:GetQueueAttributes'],
  s3: ['s3:GetObject', 's3:PutObject'],
} as const;
