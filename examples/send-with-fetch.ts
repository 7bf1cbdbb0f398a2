// Sends a batch so that it is stored exactly once, however often it has to be sent: one idempotency key for all attempts.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

const url = process.env.LOGDRIVE_URL ?? 'http://127.0.0.1:4318';
const key = process.env.LOGDRIVE_KEY;
const maxAttempts = 8;

async function send(records: object[]): Promise<{ receipt: string; accepted: number }> {
  const headers = { 'content-type': 'application/json', 'idempotency-key': randomUUID(), ...(key ? { 'x-api-key': key } : {}) };
  for (let attempt = 1; ; attempt++) {
    const response = await fetch(`${url}/logs`, { method: 'POST', headers, body: JSON.stringify(records) }).catch(() => undefined);
    if (response?.ok) return (await response.json()) as { receipt: string; accepted: number };
    // No answer, 409, 429, 5xx: the outcome is unknown or it may pass later. Anything else never will.
    const isLater = !response || response.status === 409 || response.status === 429 || response.status >= 500;
    if (!isLater || attempt === maxAttempts) throw new Error(response ? await response.text() : `no server answers at ${url}`);
    const retryAfterS = Number(response?.headers.get('retry-after') ?? 0);
    await sleep(Math.max(retryAfterS * 1000, 2 ** attempt * 100 * (0.5 + Math.random())));
  }
}

const { receipt, accepted } = await send([
  { level: 'info', service: 'fetch-example', message: 'order placed', order: 'A-17', latency_ms: 12 },
  { level: 'error', service: 'fetch-example', message: 'order failed', order: 'A-18', latency_ms: 950 },
]);
console.log(`${accepted} accepted`);

const status = await fetch(`${url}/api/receipts/${receipt}`, { headers: key ? { 'x-api-key': key } : {} });
console.log(JSON.stringify(await status.json()));
