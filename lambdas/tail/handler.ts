import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { responseSink } from '../../src/compose/aws/response-sink.ts';
import { buildTail } from '../../src/compose/aws/tail-stream.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const tail = buildTail(runtime);

/** Streams one live tail, until the client leaves or the function's time is up. */
export const handler = awslambda.streamifyResponse((event: APIGatewayProxyEvent, stream: awslambda.HttpResponseStream, context: Context) =>
  runtime.run(context, (invocation) => tail(event, responseSink(stream), invocation)),
);
