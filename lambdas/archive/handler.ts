import type { Context, MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { buildArchive } from '../../src/compose/aws/archive-sink.ts';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const archive = buildArchive(runtime);

/** Writes an event's records into files. Throws where the event is to be delivered again. */
export const handler = (event: MSKEvent | SelfManagedKafkaEvent, context: Context) =>
  runtime.run(context, (invocation) => archive(event, invocation));
