import { Stack, Validations } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';

/** Says why findings of cdk-nag (`AwsSolutions-…`) are right to stay on one resource and what is under it. */
export function acknowledge(construct: IConstruct, findings: Record<string, string>): void {
  Validations.of(construct).acknowledge(...Object.entries(findings).map(([rule, reason]) => ({ id: `AwsSolutions-${rule}`, reason })));
}

/** Says why a role may have a resource with a pattern in its name. cdk-nag wants each pattern by itself, as it prints it. */
export function acknowledgePattern(construct: IConstruct, resource: string, reason: string): void {
  acknowledge(construct, { [`IAM5[Resource::${printed(Stack.of(construct).resolve(resource))}]`]: reason });
}

type Resolved = string | { Ref: string } | { 'Fn::GetAtt': [string, string] } | { 'Fn::Join': [string, Resolved[]] };

/** As cdk-nag prints a value: `<AWS::Partition>` for a reference. */
function printed(value: Resolved): string {
  if (typeof value === 'string') return value;
  if ('Ref' in value) return `<${value.Ref}>`;
  if ('Fn::GetAtt' in value) return `<${value['Fn::GetAtt'].join('.')}>`;
  const [separator, parts] = value['Fn::Join'];
  return parts.map(printed).join(separator);
}
