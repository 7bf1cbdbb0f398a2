import type { RestApi } from 'aws-cdk-lib/aws-apigateway';
import * as waf from 'aws-cdk-lib/aws-wafv2';
import { Construct } from 'constructs';
import type { StageSettings } from '../stages.ts';

/** WAF before the API: by address and rate only. Rules that read bodies stay out, since logs quote attacks, and stop reading at 8 KB. */
export class Shield extends Construct {
  constructor(scope: Construct, id: string, { stage, api }: { stage: StageSettings; api: RestApi }) {
    super(scope, id);
    const { wafRequestsPer5Min: limit, allowedAddresses } = stage.api;
    const rules: waf.CfnWebACL.RuleProperty[] = [
      {
        name: 'rate-of-an-address',
        priority: 1,
        action: { block: {} },
        statement: { rateBasedStatement: { limit, aggregateKeyType: 'IP' } },
        visibilityConfig: seen('rate'),
      },
    ];
    if (allowedAddresses.length > 0) {
      const arns = [4, 6]
        .map((version) => ({ version, addresses: allowedAddresses.filter((address) => address.includes(':') === (version === 6)) }))
        .filter(({ addresses }) => addresses.length > 0)
        .map(
          ({ version, addresses }) =>
            new waf.CfnIPSet(this, `Allowed${version}`, { scope: 'REGIONAL', ipAddressVersion: `IPV${version}`, addresses }).attrArn,
        );
      const isAllowed: waf.CfnWebACL.StatementProperty[] = arns.map((arn) => ({ ipSetReferenceStatement: { arn } }));
      const statement = { notStatement: { statement: isAllowed.length > 1 ? { orStatement: { statements: isAllowed } } : isAllowed[0]! } };
      rules.push({ name: 'other-addresses', priority: 0, action: { block: {} }, statement, visibilityConfig: seen('addresses') });
    }
    const acl = new waf.CfnWebACL(this, 'Acl', {
      name: `logdrive-${stage.stage}`,
      scope: 'REGIONAL',
      defaultAction: { allow: {} },
      rules,
      visibilityConfig: seen('all'),
    });
    new waf.CfnWebACLAssociation(this, 'Association', { webAclArn: acl.attrArn, resourceArn: api.deploymentStage.stageArn });
  }
}

const seen = (name: string): waf.CfnWebACL.VisibilityConfigProperty => ({
  cloudWatchMetricsEnabled: true,
  metricName: `logdrive-${name}`,
  sampledRequestsEnabled: false,
});
