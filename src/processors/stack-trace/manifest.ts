import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'stack-trace',
  summary: 'Recognises a stack trace of Java, Python, Go or Node.js in a message of several lines, keeps it whole and names the exception',
  options: {},
  examples: [
    {
      name: 'Java, behind its log line',
      options: {},
      in: {
        message:
          'ERROR request failed\njava.lang.IllegalStateException: no pool\n\tat com.acme.Pool.take(Pool.java:10)\nCaused by: java.io.IOException\n\t... 2 more',
      },
      out: {
        level: 'error',
        severity: 17,
        attributes: { 'exception.type': 'java.lang.IllegalStateException', 'exception.message': 'no pool' },
      },
    },
    {
      name: 'Python: the last line names it',
      options: {},
      in: {
        message:
          'it failed\nTraceback (most recent call last):\n  File "app.py", line 3, in <module>\n    1 / 0\nZeroDivisionError: division by zero',
      },
      out: { level: 'error', severity: 17, attributes: { 'exception.type': 'ZeroDivisionError', 'exception.message': 'division by zero' } },
    },
    {
      name: 'Go',
      options: {},
      in: { message: 'panic: assignment to entry in nil map\n\ngoroutine 1 [running]:\nmain.main()\n\t/app/main.go:6 +0x2' },
      out: {
        level: 'error',
        severity: 17,
        attributes: { 'exception.type': 'panic', 'exception.message': 'assignment to entry in nil map' },
      },
    },
    {
      name: 'Node.js; a level that was given stays',
      options: {},
      in: {
        message: "TypeError: Cannot read properties of undefined (reading 'id')\n    at load (/app/index.js:4:11)",
        level: 'warn',
        severity: 13,
      },
      out: { attributes: { 'exception.type': 'TypeError', 'exception.message': "Cannot read properties of undefined (reading 'id')" } },
    },
    {
      name: 'several lines that are no trace',
      options: {},
      in: { message: 'values:\n\tat.rest = 1\n\tname = x' },
      out: {},
    },
  ],
});
