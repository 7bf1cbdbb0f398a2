import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { ResponseSink } from './tail-stream.ts';

/**
 * The response stream of Lambda as a sink that waits for slow readers.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
 */
export function responseSink(responseStream: Writable): ResponseSink {
  const gone = new AbortController();
  const leave = () => gone.abort();
  responseStream.on('error', leave).on('close', leave);
  return {
    gone: gone.signal,
    open(status, headers) {
      const stream = awslambda.HttpResponseStream.from(responseStream, { statusCode: status, headers });
      return {
        async write(chunk) {
          if (gone.signal.aborted || stream.write(chunk)) return;
          await Promise.race([once(stream, 'drain'), once(gone.signal, 'abort')]);
        },
        async end() {
          if (!gone.signal.aborted) stream.end();
        },
      };
    },
  };
}
