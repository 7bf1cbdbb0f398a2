import type { Context } from 'aws-lambda';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import { buildNotify } from '../../src/compose/aws/notify.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const notify = buildNotify(runtime);

/** Tells people about an alarm, by SNS or EventBridge. */
export const handler = (event: object, context: Context) => runtime.run(context, (invocation) => notify(event, invocation));
