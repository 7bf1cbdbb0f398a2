// Another CDK app that brings a Logdrive of its own: LOGDRIVE_BUNDLES names the folder of bundles (npm run bundle writes dist/lambdas).
//   cdk synth --app 'node examples/cdk/app.ts'
import { App, CfnOutput, Stack } from 'aws-cdk-lib';
import { Logdrive } from '../../lib/logdrive.ts';
import { defineStage } from '../../lib/stages.ts';

const app = new App();
const logs = new Logdrive(app, 'logs', {
  // Files only, no OpenSearch; what is left out takes its default.
  stage: defineStage({ stage: 'shop', search: false, storage: { warmDays: 90 }, tags: { team: 'shop' } }),
  ...(process.env.LOGDRIVE_BUNDLES ? { bundles: process.env.LOGDRIVE_BUNDLES } : {}),
});

// What it made is there to build upon: here another stack tells where senders find it.
const shop = new Stack(app, 'shop');
new CfnOutput(shop, 'LogsUrl', { value: logs.ingest.api.url });
app.synth();
