import { ArnFormat, CfnOutput, Fn, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import * as cognito from 'aws-cdk-lib/aws-cognito';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as opensearch from 'aws-cdk-lib/aws-opensearchservice';
import type { Construct } from 'constructs';
import { acknowledge } from '../guards/acknowledge.ts';
import type { SearchSettings, StageSettings } from '../stage-settings.ts';
import type { NetworkStack } from './network.ts';

/** What others need of OpenSearch. `admin` is the role that fine-grained access knows as its master, `people` who signed in to Dashboards; absent for an external one. */
export type Search = { url: string; arn?: string; admin?: iam.Role; people?: iam.Role };

/**
 * An OpenSearch domain inside the network: encrypted on disk and between nodes, HTTPS only, fine-grained access with IAM roles, and people
 * through Cognito for Dashboards.
 */
export class SearchStack extends Stack implements Search {
  readonly url: string;
  readonly arn: string;
  readonly admin: iam.Role;
  readonly people: iam.Role;
  readonly domain: opensearch.CfnDomain;

  constructor(
    scope: Construct,
    id: string,
    { stage, search, network, ...props }: StackProps & { stage: StageSettings; search: SearchSettings; network: NetworkStack },
  ) {
    super(scope, id, { ...props, description: `Logdrive ${stage.stage}: OpenSearch` });
    const removalPolicy = stage.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const domainName = `logdrive-${stage.stage}`;
    this.arn = this.formatArn({ service: 'es', resource: 'domain', resourceName: domainName });
    // The bootstrap function runs as this role: it makes templates and policies, and maps the roles of the other functions.
    this.admin = new iam.Role(this, 'Admin', {
      description: `Logdrive ${stage.stage}: master of OpenSearch, the role of the bootstrap function`,
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
    });
    const key = new kms.Key(this, 'Key', { description: `Logdrive ${stage.stage}: OpenSearch`, enableKeyRotation: true, removalPolicy });
    const { options, signedIn } = this.signIn(stage, domainName);
    this.people = signedIn;
    const vpcSubnets = network.vpc.selectSubnets(network.subnets).subnetIds;
    const zones = Math.min(search.dataNodes, stage.zones);

    this.domain = new opensearch.CfnDomain(this, 'Domain', {
      domainName,
      engineVersion: 'OpenSearch_3.1',
      clusterConfig: {
        instanceType: search.instanceType,
        instanceCount: search.dataNodes,
        zoneAwarenessEnabled: zones > 1,
        ...(zones > 1 ? { zoneAwarenessConfig: { availabilityZoneCount: zones } } : {}),
        ...(search.masters > 0
          ? { dedicatedMasterEnabled: true, dedicatedMasterCount: search.masters, dedicatedMasterType: search.masterType }
          : {}),
      },
      ebsOptions: { ebsEnabled: true, volumeType: 'gp3', volumeSize: search.storageGiB },
      vpcOptions: { subnetIds: vpcSubnets.slice(0, zones), securityGroupIds: [network.searchNodes.securityGroupId] },
      encryptionAtRestOptions: { enabled: true, kmsKeyId: key.keyId },
      nodeToNodeEncryptionOptions: { enabled: true },
      domainEndpointOptions: { enforceHttps: true, tlsSecurityPolicy: 'Policy-Min-TLS-1-2-PFS-2023-10' },
      advancedSecurityOptions: {
        enabled: true,
        internalUserDatabaseEnabled: false,
        masterUserOptions: { masterUserArn: this.admin.roleArn },
      },
      cognitoOptions: { enabled: true, ...options },
      accessPolicies: {
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { AWS: `arn:${this.partition}:iam::${this.account}:root` },
            Action: 'es:ESHttp*',
            Resource: `${this.arn}/*`,
          },
        ],
      },
      logPublishingOptions: this.logs(stage, domainName),
      offPeakWindowOptions: { enabled: true },
      softwareUpdateOptions: { autoSoftwareUpdateEnabled: true },
    });
    this.domain.applyRemovalPolicy(removalPolicy);
    this.url = Fn.join('', ['https://', this.domain.attrDomainEndpoint]);
    this.explainFindings(search, zones);
    new CfnOutput(this, 'Dashboards', {
      value: `${this.url}/_dashboards`,
      description: 'From within the network only: docs/deploy.md#dashboards',
    });
  }

  private signIn(
    stage: StageSettings,
    domainName: string,
  ): { options: Omit<opensearch.CfnDomain.CognitoOptionsProperty, 'enabled'>; signedIn: iam.Role } {
    const pool = new cognito.UserPool(this, 'People', {
      selfSignUpEnabled: false,
      signInAliases: { email: true },
      mfa: cognito.Mfa.REQUIRED,
      mfaSecondFactor: { otp: true, sms: false },
      passwordPolicy: { minLength: 14, requireDigits: true, requireLowercase: true, requireUppercase: true, requireSymbols: true },
      accountRecovery: cognito.AccountRecovery.EMAIL_ONLY,
      removalPolicy: stage.retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(pool, {
      COG8: 'The Plus plan is billed by user; a handful of operators sign in, with a second factor, inside the network.',
      COG3: 'Threat protection needs the Plus plan, billed by user; a handful of operators sign in, with a second factor, inside the network.',
    });
    pool.addDomain('SignIn', { cognitoDomain: { domainPrefix: `${domainName}-${this.account}` } });
    const identities = new cognito.CfnIdentityPool(this, 'Identities', {
      allowUnauthenticatedIdentities: false,
      cognitoIdentityProviders: [],
    });
    // OpenSearch adds its own client to both pools when it is made.
    const service = new iam.Role(this, 'CognitoAccess', {
      assumedBy: new iam.ServicePrincipal('opensearchservice.amazonaws.com'),
      inlinePolicies: {
        cognito: cognitoAccess(
          pool.userPoolArn,
          this.formatArn({ service: 'cognito-identity', resource: 'identitypool', resourceName: identities.ref }),
        ),
      },
    });
    const signedIn = new iam.Role(this, 'SignedIn', {
      description: `Logdrive ${stage.stage}: people in Dashboards; what they see is up to the roles of OpenSearch`,
      assumedBy: new iam.FederatedPrincipal(
        'cognito-identity.amazonaws.com',
        {
          StringEquals: { 'cognito-identity.amazonaws.com:aud': identities.ref },
          'ForAnyValue:StringLike': { 'cognito-identity.amazonaws.com:amr': 'authenticated' },
        },
        'sts:AssumeRoleWithWebIdentity',
      ),
    });
    new cognito.CfnIdentityPoolRoleAttachment(this, 'IdentityRoles', {
      identityPoolId: identities.ref,
      roles: { authenticated: signedIn.roleArn },
    });
    new CfnOutput(this, 'PeoplePool', {
      value: pool.userPoolId,
      description: 'Add a person: aws cognito-idp admin-create-user --user-pool-id THIS --username ADDRESS',
    });
    return { options: { userPoolId: pool.userPoolId, identityPoolId: identities.ref, roleArn: service.roleArn }, signedIn };
  }

  private logs(stage: StageSettings, domainName: string): Record<string, opensearch.CfnDomain.LogPublishingOptionProperty> {
    const kinds = {
      ES_APPLICATION_LOGS: 'application',
      SEARCH_SLOW_LOGS: 'slow-search',
      INDEX_SLOW_LOGS: 'slow-index',
      AUDIT_LOGS: 'audit',
    };
    const prefix = `/logdrive/${stage.stage}/opensearch`;
    new logs.CfnResourcePolicy(this, 'LogAccess', {
      policyName: `${domainName}-opensearch`,
      policyDocument: this.toJsonString({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: { Service: 'es.amazonaws.com' },
            Action: ['logs:PutLogEvents', 'logs:CreateLogStream'],
            Resource: this.formatArn({
              service: 'logs',
              resource: 'log-group',
              resourceName: `${prefix}/*`,
              arnFormat: ArnFormat.COLON_RESOURCE_NAME,
            }),
            Condition: { StringEquals: { 'aws:SourceAccount': this.account } },
          },
        ],
      }),
    });
    return Object.fromEntries(
      Object.entries(kinds).map(([kind, name]) => {
        const group = new logs.LogGroup(this, `Logs-${name}`, {
          logGroupName: `${prefix}/${name}`,
          retention: stage.functions.logDays as logs.RetentionDays,
          removalPolicy: RemovalPolicy.DESTROY,
        });
        return [kind, { enabled: true, cloudWatchLogsLogGroupArn: group.logGroupArn }];
      }),
    );
  }

  private explainFindings(search: SearchSettings, zones: number): void {
    acknowledge(this.domain, {
      OS3: 'It has no public address: security groups decide who reaches it, IAM and its own roles what they may.',
      ...(search.masters === 0
        ? { OS4: 'A stage of one small node has no quorum to keep; the files hold every record that it loses.' }
        : {}),
      ...(zones < 2 ? { OS7: 'One node lies in one zone; the files hold every record that it loses.' } : {}),
    });
  }
}

/** What the managed policy AmazonOpenSearchServiceCognitoAccess allows, for these two pools and this role only. */
const cognitoAccess = (userPoolArn: string, identityPoolArn: string): iam.PolicyDocument =>
  new iam.PolicyDocument({
    statements: [
      new iam.PolicyStatement({
        resources: [userPoolArn],
        actions: [
          'DescribeUserPool',
          'CreateUserPoolClient',
          'DeleteUserPoolClient',
          'UpdateUserPoolClient',
          'DescribeUserPoolClient',
          'ListUserPoolClients',
          'AdminInitiateAuth',
          'AdminUserGlobalSignOut',
        ].map((action) => `cognito-idp:${action}`),
      }),
      new iam.PolicyStatement({
        resources: [identityPoolArn],
        actions: ['DescribeIdentityPool', 'UpdateIdentityPool', 'SetIdentityPoolRoles', 'GetIdentityPoolRoles'].map(
          (action) => `cognito-identity:${action}`,
        ),
      }),
    ],
  });
