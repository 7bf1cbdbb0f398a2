import { defineManifest } from '../../core/processor.ts';

export default defineManifest({
  name: 'parse-access-log',
  summary: 'Reads a line of a web server in the common or combined log format into attributes, the time and, from the status, the level',
  options: {},
  examples: [
    {
      name: 'a combined line',
      options: {},
      in: {
        message:
          '203.0.113.9 - frank [20/Nov/2026:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.1" 200 2326 "https://example.org/start" "Mozilla/5.0 (X11)"',
      },
      out: {
        timestamp: Date.UTC(2026, 10, 20, 20, 55, 36) * 1000,
        level: 'info',
        severity: 9,
        attributes: {
          client_ip: '203.0.113.9',
          user: 'frank',
          method: 'GET',
          path: '/a.gif?x=1',
          http_version: '1.1',
          status: 200,
          bytes: 2326,
          referrer: 'https://example.org/start',
          user_agent: 'Mozilla/5.0 (X11)',
        },
      },
    },
    {
      name: 'a common line that failed',
      options: {},
      in: { message: '::1 - - [20/Nov/2026:00:00:01 +0000] "POST /pay HTTP/2.0" 503 -' },
      out: {
        timestamp: Date.UTC(2026, 10, 20, 0, 0, 1) * 1000,
        level: 'error',
        severity: 17,
        attributes: { client_ip: '::1', method: 'POST', path: '/pay', http_version: '2.0', status: 503 },
      },
    },
    {
      name: 'what the sender said stays',
      options: {},
      in: {
        message: '::1 - - [20/Nov/2026:00:00:01 +0000] "GET / HTTP/1.1" 404 12',
        level: 'debug',
        severity: 5,
        attributes: { status: 'x' },
      },
      out: {
        timestamp: Date.UTC(2026, 10, 20, 0, 0, 1) * 1000,
        attributes: { client_ip: '::1', method: 'GET', path: '/', http_version: '1.1', status: 'x', bytes: 12 },
      },
    },
    {
      name: 'another kind of line',
      options: {},
      in: { message: 'db-1 - connected [pool 3] "main" 200 12' },
      out: {},
    },
  ],
});
