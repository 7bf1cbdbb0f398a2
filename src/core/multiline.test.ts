import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joinLines, LineJoiner, maxJoinedLines } from './multiline.ts';

const java = `2026-11-20 10:00:00 ERROR request failed
java.lang.IllegalStateException: no pool
\tat com.acme.Pool.take(Pool.java:10)
\tat com.acme.Main.main(Main.java:3)
Caused by: java.io.IOException: closed
\tat com.acme.Socket.read(Socket.java:99)
\t... 2 more`;
const python = `ERROR:root:it failed
Traceback (most recent call last):
  File "app.py", line 3, in <module>
    1 / 0
ZeroDivisionError: division by zero

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "app.py", line 5, in <module>
    raise ValueError("x")
ValueError: x`;
const go = `panic: runtime error: invalid memory address or nil pointer dereference
[signal SIGSEGV: segmentation violation code=0x1 addr=0x0 pc=0x4]

goroutine 1 [running]:
main.(*Server).handle(0xc000010000, {0x1, 0x2})
\t/app/main.go:12 +0x1d
main.main()
\t/app/main.go:6 +0x2

goroutine 18 [chan receive]:
main.wait()
\t/app/wait.go:1 +0x3
created by main.main in goroutine 1
\t/app/main.go:5 +0x2
exit status 2`;
const node = `/app/index.js:4
    throw new TypeError('no name');
    ^

TypeError: no name
    at greet (/app/index.js:4:11) {
  code: 'E_NAME'
}

Node.js v24.1.0`;

describe('joining lines', () => {
  test.each([
    ['Java', java],
    ['Python', python],
    ['Go', go],
    ['Node.js', node],
  ])('keeps a stack trace of %s whole, apart from the lines around it', (_name, trace) => {
    expect(joinLines(['listening on 80', ...trace.split('\n'), 'next request'])).toEqual(['listening on 80', trace, 'next request']);
  });

  test('leaves plain lines, indented lines and blank lines alone', () => {
    const lines = ['a', '  indented text', '', 'b: at noon', '\tat'];
    expect(joinLines(lines)).toEqual(lines);
  });

  test('does not hang an exception on a line that tells of no trouble', () => {
    const lines = ['GET / 200', 'java.lang.Error: x', '\tat a.B.c(B.java:1)'];
    expect(joinLines(lines)).toEqual(['GET / 200', 'java.lang.Error: x\n\tat a.B.c(B.java:1)']);
  });

  test('gives an exception without frames as its own record', () => {
    const lines = ['ERROR request failed', 'java.lang.Error: x', 'GET / 200'];
    expect(joinLines(lines)).toEqual(lines);
  });

  test('bounds a trace that never ends', () => {
    const lines = ['Error: x', ...Array.from({ length: 3 * maxJoinedLines }, () => '    at f (a.js:1:1)')];
    expect(Math.max(...joinLines(lines).map((record) => record.split('\n').length))).toBe(maxJoinedLines);
  });

  test('gives a record as soon as the next line shows that it is complete', () => {
    const joiner = new LineJoiner();
    expect([joiner.push('a'), joiner.push('b'), joiner.flush(), joiner.flush()]).toEqual([[], ['a'], ['b'], []]);
  });

  test('loses and moves no line', () => {
    const line = fc.oneof(fc.constantFrom('', ...[java, python, go, node].flatMap((trace) => trace.split('\n'))), fc.string());
    fc.assert(
      fc.property(fc.array(line, { maxLength: 40 }), (lines) => {
        const text = lines.join('\n');
        expect(joinLines(text.split('\n')).join('\n')).toBe(text);
      }),
    );
  });
});
