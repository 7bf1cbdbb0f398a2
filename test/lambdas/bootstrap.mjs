// The least that runs a function against the Runtime API, in the order that Lambda documents: load the handler, then ask, run, answer, for ever.
// Used where aws-lambda-ric, which is built from C++, is not there; LOGDRIVE_TEST_RIC names its index.mjs where it is.
import { request } from 'node:http';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API: api, LAMBDA_TASK_ROOT: root, _HANDLER: name } = process.env;
const base = `http://${api}/2018-06-01/runtime`;
const streaming = Symbol('streaming');

const HttpResponseStream = {
  /** The metadata goes ahead of the body, and eight zero bytes between. */
  from(stream, metadata) {
    stream.setContentType('application/vnd.awslambda.http-integration-response');
    stream.beforeFirst = () => stream.write(Buffer.concat([Buffer.from(JSON.stringify(metadata)), Buffer.alloc(8)]));
    return stream;
  },
};
globalThis.awslambda = { streamifyResponse: (handler) => Object.assign(handler, { [streaming]: true }), HttpResponseStream };

const send = (path, body, headers = {}) => fetch(base + path, { method: 'POST', body, headers }).then((answer) => answer.text());
const plain = (error) =>
  JSON.stringify({
    errorType: error?.name ?? 'Error',
    errorMessage: error?.message ?? String(error),
    trace: (error?.stack ?? '').split('\n'),
  });

function openStream(id) {
  const done = Promise.withResolvers();
  const stream = request(`${base}/invocation/${id}/response`, {
    method: 'POST',
    headers: {
      'lambda-runtime-function-response-mode': 'streaming',
      trailer: 'Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body',
      'content-type': 'application/octet-stream',
    },
  });
  stream.on('response', (answer) => answer.resume().on('end', done.resolve));
  stream.on('error', done.reject);
  stream.setContentType = (type) => stream.setHeader('content-type', type);
  const write = stream.write.bind(stream);
  const end = stream.end.bind(stream);
  const first = () => {
    const before = stream.beforeFirst;
    stream.beforeFirst = undefined;
    before?.();
  };
  stream.write = (...chunk) => {
    first();
    return write(...chunk);
  };
  stream.end = (...chunk) => {
    first();
    return end(...chunk);
  };
  return { stream, done: done.promise };
}

let handler;
try {
  const [file, entry] = name.split('.');
  handler = (await import(pathToFileURL(join(root, `${file}.mjs`)).href))[entry];
} catch (error) {
  await send('/init/error', plain(error));
  process.exit(1);
}

for (;;) {
  const next = await fetch(`${base}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const event = await next.json();
  const context = {
    awsRequestId: id,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  if (handler[streaming]) {
    const { stream, done } = openStream(id);
    try {
      await handler(event, stream, context);
    } catch (error) {
      stream.addTrailers({
        'Lambda-Runtime-Function-Error-Type': error.name,
        'Lambda-Runtime-Function-Error-Body': Buffer.from(plain(error)).toString('base64'),
      });
      stream.end();
    }
    await done;
    continue;
  }
  try {
    const result = await handler(event, context);
    await send(`/invocation/${id}/response`, JSON.stringify(result) ?? 'null');
  } catch (error) {
    await send(`/invocation/${id}/error`, plain(error));
  }
}
