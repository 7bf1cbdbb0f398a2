/** What the adapter calls on its bucket: IAM actions, those of objects and those of the bucket itself. A HEAD is a GetObject. */
export const iam = {
  s3: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
  s3Bucket: ['s3:ListBucket'],
} as const;
