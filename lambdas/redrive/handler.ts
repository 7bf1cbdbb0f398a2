import type { APIGatewayProxyEvent, Context, SQSEvent } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildRedrive } from '../../src/compose/aws/redrive.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const redrive = buildRedrive(runtime);

/** A call of API Gateway, messages of the redrive queue, or the hourly schedule. */
export const handler = (event: APIGatewayProxyEvent | SQSEvent | object, context: Context) =>
  runtime.run<unknown>(context, (invocation) => {
    if ('httpMethod' in event) return redrive.http(event, invocation);
    if ('Records' in event) return redrive.messages(event, invocation);
    return redrive.reconcile(invocation);
  });
