import { signV4 } from '../../adapters/hot/opensearch/sigv4.ts';
import { AppError } from '../../core/errors.ts';
import { region, roleCredentials } from './credentials.ts';
import { endpoint } from './open-files.ts';

const timeoutMs = 5_000;

/**
 * Reads a secret of Secrets Manager that is a JSON object of texts: one signed request, since a client for it would be the largest part of it.
 * https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html
 * @throws AppError INVALID_CONFIG where it is no such object or may not be read
 */
export async function readSecret(arn: string): Promise<Record<string, string>> {
  const url = new URL(endpoint() ?? `https://secretsmanager.${region()}.amazonaws.com`);
  const body = Buffer.from(JSON.stringify({ SecretId: arn }));
  const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'secretsmanager.GetSecretValue' };
  const request = { method: 'POST', host: url.host, path: '/', headers, body };
  const signed = signV4(request, roleCredentials(), region(), 'secretsmanager', Date.now());
  const answer = await fetch(url, { method: 'POST', headers: { ...headers, ...signed }, body, signal: AbortSignal.timeout(timeoutMs) });
  const text = await answer.text();
  if (!answer.ok) throw new AppError('INVALID_CONFIG', `the secret ${arn} cannot be read: ${answer.status} ${text.slice(0, 200)}`);
  try {
    return JSON.parse((JSON.parse(text) as { SecretString: string }).SecretString) as Record<string, string>;
  } catch (cause) {
    throw new AppError('INVALID_CONFIG', `the secret ${arn} is no JSON object`, { cause });
  }
}
