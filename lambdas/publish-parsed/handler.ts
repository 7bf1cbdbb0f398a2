import type { Context, MSKEvent, SelfManagedKafkaEvent } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildPublishParsed } from '../../src/compose/aws/publish-parsed.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const publish = buildPublishParsed(runtime);

/** Publishes an event's records. Throws where the event is to be delivered again. */
export const handler = (event: MSKEvent | SelfManagedKafkaEvent, context: Context) => runtime.run(context, () => publish(event));
