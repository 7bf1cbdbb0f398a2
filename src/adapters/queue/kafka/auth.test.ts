import { describe, expect, it } from 'vitest';
import { scramOfSecret, securityOf } from './auth.ts';

describe('security of a connection', () => {
  it('is none for plain brokers', () => {
    expect(securityOf({ kind: 'plain' })).toEqual({});
  });

  it('is TLS with SCRAM-SHA-512, by the certificate that is given or by public authorities', () => {
    const sasl = { mechanism: 'scram-sha-512', username: 'app', password: 'secret' };
    expect(securityOf({ kind: 'scram', username: 'app', password: 'secret' })).toEqual({ ssl: true, sasl });
    expect(securityOf({ kind: 'scram', username: 'app', password: 'secret', ca: 'PEM' })).toEqual({ ssl: { ca: ['PEM'] }, sasl });
  });

  it('is read from the secret as MSK keeps it', () => {
    expect(scramOfSecret('{"username":"app","password":"secret"}')).toEqual({ kind: 'scram', username: 'app', password: 'secret' });
    for (const text of ['', 'null', '{}', '{"username":"app"}', '"app"']) {
      expect(() => scramOfSecret(text), text).toThrow(expect.objectContaining({ code: 'INVALID_CONFIG' }));
    }
  });

  it('is TLS with a token signed for the region, for IAM on MSK', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'not-a-secret' });
    try {
      const { ssl, sasl } = securityOf({ kind: 'iam', region: 'eu-central-1' });
      expect(ssl).toBe(true);
      if (!sasl || !('oauthBearerProvider' in sasl)) throw new Error('not OAuth');
      const { value } = await sasl.oauthBearerProvider();
      const url = new URL(Buffer.from(value, 'base64url').toString());
      expect(url.host).toBe('kafka.eu-central-1.amazonaws.com');
      expect(url.searchParams.get('Action')).toBe('kafka-cluster:Connect');
      expect(url.searchParams.get('X-Amz-Credential')).toMatch(/^AKIDEXAMPLE\/\d{8}\/eu-central-1\/kafka-cluster\/aws4_request$/);
      expect(url.searchParams.get('X-Amz-Signature')).toMatch(/^[0-9a-f]{64}$/);
    } finally {
      process.env = before;
    }
  });
});
