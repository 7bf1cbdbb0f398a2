import type { Context, MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildTakeIn } from '../../src/compose/aws/take-in.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const takeIn = buildTakeIn(runtime);

/** Accepts an event's messages. Throws where the event is to be delivered again. */
export const handler = (event: MSKEvent | SelfManagedKafkaEvent, context: Context) =>
  runtime.run(context, (invocation) => takeIn(event, invocation));
