import type { Context } from 'aws-lambda';
import { buildDeliverAlerts } from '../../src/compose/aws/deliver-alerts.ts';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const deliver = buildDeliverAlerts(runtime);

/** Tells people of alerts, four times in its minute. */
export const handler = (_event: unknown, context: Context) => runtime.run(context, (invocation) => deliver(invocation));
