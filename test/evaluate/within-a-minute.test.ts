import { expect, test } from 'vitest';
import { serveEmbedded } from '../scenarios/serve-embedded.ts';

const example = '{:name "high-error-rate" :condition [:> [:rate :level "error" :window "5m"] 10] :action [:console]}';

test('on the default host the example rule fires within a minute of its errors', async () => {
  const host = await serveEmbedded();
  try {
    const made = await fetch(`${host.address}/api/alerts/rules`, {
      method: 'POST',
      headers: { 'content-type': 'application/edn' },
      body: example,
    });
    expect(made.status).toBe(201);
    const records = Array.from({ length: 60 }, () => ({ level: 'error', service: 'api', message: 'no' }));
    await fetch(`${host.address}/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(records) });
    const sentMs = Date.now();
    const firing = async () =>
      ((await (await fetch(`${host.address}/api/alerts?state=firing`)).json()) as { items: { rule: string; since: string }[] }).items;
    let items = await firing();
    while (items.length === 0 && Date.now() < sentMs + 90_000) {
      await new Promise((resolve) => setTimeout(resolve, 250));
      items = await firing();
    }
    expect(items).toMatchObject([{ rule: 'high-error-rate', state: 'firing', value: 12 }]);
    // Which window it was does not depend on how busy the machine is.
    expect(Date.parse(items[0]!.since) - sentMs).toBeLessThan(60_000);
  } finally {
    await host.stop();
  }
}, 120_000);
