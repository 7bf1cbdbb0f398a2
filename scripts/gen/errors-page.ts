import { errorTable } from '../../src/core/errors.ts';

/** The reference of error codes, Markdown, from the one table. */
export function errorsPage(): string {
  const rows = Object.entries(errorTable).map(
    ([code, { status, retry, title }]) =>
      `| \`${code}\` | ${status} | ${retry === 'later' ? 'yes, after `Retry-After`' : 'no'} | ${title} |`,
  );
  return [
    '# Errors',
    '',
    'Made by `node scripts/gen.ts` from `src/core/errors.ts`. An error is answered as `application/problem+json` (RFC 9457):',
    '',
    '    { "type": "https://logdrive.dev/errors/invalid-record", "code": "INVALID_RECORD", "title": "…", "status": 400,',
    '      "detail": "records[3].timestamp: \\"yesterday\\" is not a time; give RFC 3339 or epoch",',
    '      "errors": [ { "path": "records[3].timestamp", "code": "…", "detail": "…" } ], "request_id": "…" }',
    '',
    '`code` never changes its meaning; `detail` is for people. `errors` lists the single faults, `at` is the offset in the text of a query.',
    '',
    '| code | status | try again | meaning |',
    '|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}
