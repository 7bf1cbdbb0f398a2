// What masking costs: CPU seconds per million records, on bodies of 500 records without secrets and with one secret in ten records.
import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { defaultMaskSettings, mask } from '../src/pipeline/accept/mask.ts';

const file = new URL('../../shared/data/logs-100k.ndjson.gz', import.meta.url);
if (!existsSync(file)) throw new Error('the sample logs-100k.ndjson.gz is not there: put it into ../shared/data');
const clean = gunzipSync(readFileSync(file)).toString().trimEnd().split('\n');
const secrets = [
  'password=hunter2-and-more',
  'https://bob:s3cret@db.internal/x',
  'Bearer abcdef0123456789abcdef',
  'card 4111 1111 1111 1111',
];
const planted = clean.map((line, i) => (i % 10 ? line : line.replace('"message":"', `"message":"${secrets[(i / 10) % secrets.length]} `)));

for (const [name, lines] of Object.entries({ clean, planted })) {
  const bodies: Buffer[] = [];
  for (let i = 0; i < lines.length; i += 500) bodies.push(Buffer.from(lines.slice(i, i + 500).join('\n')));
  const bytes = bodies.reduce((sum, body) => sum + body.length, 0);
  const rounds = 8;
  let best = Number.POSITIVE_INFINITY;
  let hits = 0;
  for (let round = 0; round < rounds; round++) {
    const copies = bodies.map((body) => Buffer.from(body));
    hits = 0;
    const start = process.cpuUsage();
    for (const body of copies) for (const n of Object.values(mask(body, defaultMaskSettings, 'ndjson').counts)) hits += n;
    const { user, system } = process.cpuUsage(start);
    best = Math.min(best, (user + system) / 1e6);
  }
  const perMillion = (best * 1e6) / lines.length;
  const at382 = (perMillion * 382) / (bytes / lines.length);
  console.log(
    `${name.padEnd(8)} ${perMillion.toFixed(3)} CPU s/M at ${(bytes / lines.length).toFixed(0)} bytes a record, ${at382.toFixed(3)} at 382; masked ${hits}`,
  );
}
