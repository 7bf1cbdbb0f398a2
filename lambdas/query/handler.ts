import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildQueryApi } from '../../src/compose/aws/query-api.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const query = buildQueryApi(runtime);

/** Answers one call of the API. */
export const handler = (event: APIGatewayProxyEvent, context: Context) => runtime.run(context, (invocation) => query(event, invocation));
