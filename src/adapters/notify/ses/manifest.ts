/** What the adapter calls on the identity it sends from: IAM actions. */
export const iam = { ses: ['ses:SendEmail'] } as const;
