import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildIngest } from '../../src/compose/aws/ingest.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const ingest = buildIngest(runtime);

/** Takes records in: one call of API Gateway. */
export const handler = (event: APIGatewayProxyEvent, context: Context) => runtime.run(context, (invocation) => ingest(event, invocation));
