import { generateAuthToken } from 'aws-msk-iam-sasl-signer-js';
import type { KafkaConfig } from 'kafkajs';
import { AppError } from '../../../core/errors.ts';

/** How the brokers know us. All but `plain` go over TLS; `ca` is a PEM, for brokers whose certificate no public authority has signed. */
export type KafkaAuth =
  | { kind: 'plain' }
  | { kind: 'scram'; username: string; password: string; ca?: string }
  | { kind: 'iam'; region: string };

export function securityOf(auth: KafkaAuth): Pick<KafkaConfig, 'ssl' | 'sasl'> {
  if (auth.kind === 'plain') return {};
  if (auth.kind === 'scram') {
    const { username, password, ca } = auth;
    return { ssl: ca === undefined ? true : { ca: [ca] }, sasl: { mechanism: 'scram-sha-512', username, password } };
  }
  // https://github.com/aws/aws-msk-iam-sasl-signer-js: the token is signed with the function's own role, and good for 15 minutes.
  const oauthBearerProvider = async () => ({ value: (await generateAuthToken({ region: auth.region })).token });
  return { ssl: true, sasl: { mechanism: 'oauthbearer', oauthBearerProvider } };
}

/**
 * Reads the secret of SCRAM users as MSK keeps it in the Secrets Manager: `{"username", "password"}`.
 * https://docs.aws.amazon.com/msk/latest/developerguide/msk-password.html
 * @throws AppError INVALID_CONFIG
 */
export function scramOfSecret(text: string, ca?: string): KafkaAuth {
  const { username, password } = fieldsOf(text);
  if (typeof username !== 'string' || typeof password !== 'string') {
    throw new AppError('INVALID_CONFIG', 'the secret of the Kafka user is not {"username": "…", "password": "…"}');
  }
  return { kind: 'scram', username, password, ...(ca === undefined ? {} : { ca }) };
}

function fieldsOf(text: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(text));
  } catch {
    return {};
  }
}
