import { expect, test } from 'vitest';
import { signV4 } from './sigv4.ts';

/** AWS's own test suite for Signature Version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html */
const credentials = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const atMs = Date.UTC(2015, 7, 30, 12, 36);
const host = 'example.amazonaws.com';
const form = { 'content-type': 'application/x-www-form-urlencoded' };

test.each([
  ['get-vanilla', 'GET', '/', {}, undefined, '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/?Param2=value2&Param1=value1',
    {},
    undefined,
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  ['post-vanilla', 'POST', '/', {}, undefined, '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
  ['post-x-www-form-urlencoded', 'POST', '/', form, 'Param1=value1', 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a'],
])('%s is signed as AWS says', (_name, method, path, headers, body, signature) => {
  const request = { method, path, host, headers, body: body === undefined ? undefined : Buffer.from(body) };
  const { authorization, 'x-amz-date': date } = signV4(request, credentials, 'us-east-1', 'service', atMs);
  expect(date).toBe('20150830T123600Z');
  expect(authorization).toContain('Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=');
  expect(authorization).toMatch(new RegExp(`Signature=${signature}$`));
});

test('the token of a role is signed and sent', () => {
  const request = { method: 'GET', path: '/logs.0of8.2026-11-21/_mapping?filter_path=*.mappings', host, headers: {}, body: undefined };
  const headers = signV4(request, { ...credentials, sessionToken: 'token' }, 'us-east-1', 'es', atMs);
  expect(headers['x-amz-security-token']).toBe('token');
  expect(headers.authorization).toContain('SignedHeaders=host;x-amz-date;x-amz-security-token,');
});
