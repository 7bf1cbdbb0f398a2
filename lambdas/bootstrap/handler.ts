import type { CloudFormationCustomResourceEvent, Context } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildSetUp } from '../../src/compose/aws/set-up.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const setUp = buildSetUp(runtime);

/** One event of the custom resource, from CDK's provider framework, which answers CloudFormation with what this returns or throws. */
export const handler = (event: CloudFormationCustomResourceEvent, context: Context) =>
  runtime.run(context, (invocation) => setUp(event, invocation));
