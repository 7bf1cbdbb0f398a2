import type { Context } from 'aws-lambda';
import { buildEvaluate } from '../../src/compose/aws/evaluate.ts';
import { startFunction } from '../../src/compose/aws/function-runtime.ts';
import manifest from './manifest.ts';

const runtime = startFunction(manifest);
const evaluate = buildEvaluate(runtime);

/** Evaluates what is due, now and each quarter of the minute that is left. */
export const handler = (_event: unknown, context: Context) => runtime.run(context, (invocation) => evaluate(invocation));
