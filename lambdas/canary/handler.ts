import type { Context } from 'aws-lambda';
import { buildCanary } from '../../src/compose/aws/canary.ts';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const canary = buildCanary(runtime, runtime.env.LOGDRIVE_HOT_URL ? ['hot', 'warm'] : ['warm']);

/** Measures the log, and the way of one record through it. */
export const handler = (_event: unknown, context: Context) => runtime.run(context, (invocation) => canary(invocation));
