import { expect, it } from 'vitest';
import { accepting, recordsIn, requestOf } from './accepting.ts';

const lines = ['{"x":"\\n","a":1}', '{"x":1,"\\\\":2}', '{"x":1,"\\n":2}', '{"message":"C:\\\\dir\\\\","b":1}'];

it.each(['application/x-ndjson', 'application/json'])(
  'refuses a key that ends with a backslash, and no other escape (%s)',
  async (contentType) => {
    const subject = accepting();
    const body = contentType === 'application/json' ? `[${lines.join(',\n')}]` : lines.join('\n');
    const answer = await subject.accept(requestOf(body, { contentType }));
    expect(answer).toMatchObject({ status: 207, accepted: 3, rejected: 1 });
    expect(answer.items[0]).toMatchObject({ index: 1, detail: 'records[1]: a key ends with a backslash; rename it' });
    expect(recordsIn(subject).map(({ attributes }) => attributes)).toEqual([{ x: '\n', a: 1 }, { x: 1, '\n': 2 }, { b: 1 }]);
  },
);
