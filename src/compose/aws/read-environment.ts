import type * as z from 'zod';
import type { FunctionManifest } from '../../../lambdas/function-manifest.ts';
import { AppError } from '../../core/errors.ts';

/**
 * Reads a function's environment by its manifest, once, at its start.
 * @throws AppError INVALID_CONFIG that names every variable that is missing or wrong
 */
export function readEnvironment<Env extends z.ZodObject>(
  { name, env }: FunctionManifest<Env>,
  given: Record<string, string | undefined> = process.env,
): z.output<Env> {
  // A variable that is set to nothing counts as not set: CloudFormation has no way to leave one out by condition.
  const parsed = env.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`);
  throw new AppError('INVALID_CONFIG', `function ${name}: ${faults.join('; ')}`);
}
