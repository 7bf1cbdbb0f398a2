/** What the adapter calls on its topic: IAM actions. */
export const iam = { sns: ['sns:Publish'] } as const;
