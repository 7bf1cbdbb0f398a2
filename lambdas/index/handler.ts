import type { Context, MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildIndex } from '../../src/compose/aws/index-sink.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const index = buildIndex(runtime);

/** Makes an event's records searchable. Throws where the event is to be delivered again. */
export const handler = (event: MSKEvent | SelfManagedKafkaEvent, context: Context) =>
  runtime.run(context, (invocation) => index(event, invocation));
