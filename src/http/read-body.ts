import { AppError } from '../core/errors.ts';
import { hasKeyEndingInBackslash } from '../core/json-keys.ts';
import type { HttpOptions } from './options.ts';

/** Largest body of a call that is no ingest, unless the host says otherwise. */
const defaultMaxBytes = 1024 * 1024;

export const maxBytesOf = ({ maxJsonBytes = defaultMaxBytes }: HttpOptions): number => maxJsonBytes;

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads a request's body as text, and stops reading at `maxBytes`.
 * @throws AppError BODY_TOO_LARGE, INVALID_BODY where it is no UTF-8
 */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const tooLarge = () => new AppError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes, the limit of this call`);
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (length > maxBytes) throw tooLarge();
  // Of a known length, the body is read without a stream: that is a third of what a small query costs here.
  const bytes = length <= maxBytes ? new Uint8Array(await request.arrayBuffer()) : await readChunks(request, maxBytes, tooLarge);
  try {
    return decoder.decode(bytes);
  } catch (cause) {
    throw new AppError('INVALID_BODY', 'the body is not UTF-8', { cause });
  }
}

async function readChunks(request: Request, maxBytes: number, tooLarge: () => AppError): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Reads JSON text. @throws AppError INVALID_BODY with the parser's words */
export function parseJson(content: string): unknown {
  if (hasKeyEndingInBackslash(content))
    throw new AppError('INVALID_BODY', 'a key of the body ends with a backslash; there is none that may');
  try {
    return JSON.parse(content);
  } catch (cause) {
    throw new AppError('INVALID_BODY', `the body is not JSON: ${(cause as Error).message.toLowerCase().slice(0, 200)}`, { cause });
  }
}

/** The media type of a request without its parameters, in lower case; undefined where it names none. */
export function mediaTypeOf(contentType: string | null | undefined): string | undefined {
  const type = contentType?.split(';')[0]?.trim().toLowerCase();
  return type === '' ? undefined : type;
}
