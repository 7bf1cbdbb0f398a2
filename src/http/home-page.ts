/** What a browser sees at `/`: the address, a first call to copy, and links. */
export function homePage(version: string, host: string): string {
  const address = `http://${escapeHtml(host)}`;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Logdrive</title>
<style>
  :root { color-scheme: light dark; }
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto; padding: 0 1rem; }
  pre { padding: 0.8rem 1rem; overflow-x: auto; border: 1px solid #8885; border-radius: 6px; }
  td { padding: 0.15rem 1.5rem 0.15rem 0; vertical-align: top; }
</style>
<h1>Logdrive ${escapeHtml(version)}</h1>
<p>This log platform runs on <strong>${address}</strong>. Send it a record:</p>
<pre>curl ${address}/logs -H 'content-type: application/json' \\
  -d '{"level":"error","service":"auth-api","message":"login failed"}'</pre>
<p>Find it again:</p>
<pre>curl '${address}/api/logs?search=login&amp;limit=10'</pre>
<table>
${links.map(([path, what]) => `<tr><td><a href="${path}">${path}</a></td><td>${what}</td></tr>`).join('\n')}
</table>
</html>
`;
}

const links: [path: string, what: string][] = [
  ['/api/logs', 'the newest records'],
  ['/api/logs/tail', 'records as they arrive'],
  ['/api/services', 'the services seen'],
  ['/api/metrics', 'errors and records of the last minute'],
  ['/api/ledger', 'where every accepted record is'],
  ['/ready', 'the state of each dependency'],
  ['/metrics', 'Prometheus metrics'],
  ['/openapi.json', 'every call, as OpenAPI 3.1'],
];

const escapeHtml = (plain: string): string => plain.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
