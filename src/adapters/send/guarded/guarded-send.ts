import { lookup as systemLookup } from 'node:dns/promises';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { AppError } from '../../../core/errors.ts';
import type { HttpAnswer, HttpSend } from '../../../core/post-json.ts';
import { addressCheck } from './addresses.ts';

export type GuardOptions = {
  /** Networks that may be called though they are not on the open internet. */
  allowed?: readonly string[];
  /** Every address of a name. @default the system's */
  lookup?: (host: string) => Promise<{ address: string; family: number }[]>;
  /** Certificates to trust besides, for tests. */
  ca?: string;
};

export type Guard = {
  /** Sends to checked addresses alone. */
  send: HttpSend;
  /** Resolves a name to an address that was checked. @throws AppError INVALID_CONFIG, CHANNEL_UNAVAILABLE */
  resolve(host: string): Promise<string>;
};

/** What is read of an answer: only its status matters. */
const maxAnswerBytes = 64 * 1024;

/**
 * Makes the way out for addresses that users give: a name is resolved once, every address of it must be on the open internet (or allowed), and the connection goes to what was
 * checked, so that a name that changes its mind changes nothing. No redirect is followed, no proxy asked, no connection used twice.
 */
export function guardedSend({ allowed = [], lookup = (host) => systemLookup(host, { all: true }), ca }: GuardOptions = {}): Guard {
  const mayCall = addressCheck(allowed);

  async function addressesOf(host: string): Promise<{ address: string; family: number }[]> {
    const name = host.replace(/^\[|\]$/g, '');
    const literal = isIP(name);
    const found = literal ? [{ address: name, family: literal }] : await lookup(name);
    if (found.length === 0 || !found.every(({ address }) => mayCall(address)))
      throw new AppError('INVALID_CONFIG', `${name} is not on the open internet, and alerts.allowAddresses does not allow it`);
    return found;
  }

  return {
    async resolve(host) {
      try {
        return (await addressesOf(host))[0]!.address;
      } catch (error) {
        if (error instanceof AppError) throw error;
        throw new AppError('CHANNEL_UNAVAILABLE', `${host} has no address now (${codeOf(error)})`);
      }
    },
    async send(url, { headers, body, timeoutMs }) {
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const pinned = await Promise.race([addressesOf(url.hostname), aborted(signal)]);
        const options = {
          method: 'POST',
          headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
          agent: false,
          signal,
          lookup: only(pinned),
        } as const;
        const answered = Promise.withResolvers<IncomingMessage>();
        const request = url.protocol === 'https:' ? httpsRequest(url, { ...options, ...(ca ? { ca } : {}) }) : httpRequest(url, options);
        request.on('response', answered.resolve).on('error', answered.reject);
        request.end(body);
        return await answerOf(await answered.promise);
      } catch (error) {
        if (error instanceof AppError) throw error;
        return signal.aborted ? `it did not answer within ${timeoutMs} ms` : `the connection failed (${codeOf(error)})`;
      }
    },
  };
}

/** A lookup that knows one answer. */
function only(found: { address: string; family: number }[]): LookupFunction {
  return (_host, options, callback) => {
    if (options.all) callback(null, found);
    else callback(null, found[0]!.address, found[0]!.family);
  };
}

const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));

async function answerOf(response: IncomingMessage): Promise<HttpAnswer> {
  let bytes = 0;
  for await (const chunk of response) {
    bytes += (chunk as Buffer).length;
    if (bytes > maxAnswerBytes) break;
  }
  response.destroy();
  return { status: response.statusCode ?? 0, retryAfterS: retryAfterS(response) };
}

/** Seconds, or a date, which is held against the answer's own. */
function retryAfterS({ headers }: IncomingMessage): number {
  const given = headers['retry-after'];
  if (given === undefined) return 0;
  if (/^\d+$/.test(given)) return Number(given);
  const s = (Date.parse(given) - (headers.date ? Date.parse(headers.date) : Date.now())) / 1000;
  return s > 0 ? s : 0;
}

const codeOf = (error: unknown): string => (error as { code?: string }).code ?? (error as Error).name;
