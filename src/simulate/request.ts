import type { Random } from './random.ts';
import type { Health, SimulatedRecord } from './simulate.ts';
import { javaTrace, nodeTrace } from './traces.ts';

/** An event of one request: when it happens, in milliseconds after the request came. */
export type Emit = (afterMs: number, record: Omit<SimulatedRecord, 'timestamp' | 'env'>) => void;

const products = Array.from({ length: 400 }, (_, i) => `sku-${(i * 7919) % 10_007}`);
const agents = [
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  'Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Mobile/15E148 Safari/604.1',
  'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
  'curl/8.11.0',
  'Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)',
];
const statements: [text: string, medianMs: number][] = [
  ['SELECT * FROM products WHERE sku = $1', 2],
  ['SELECT id, total FROM orders WHERE customer_id = $1 ORDER BY created_at DESC LIMIT 20', 6],
  ['INSERT INTO orders (customer_id, sku, total) VALUES ($1, $2, $3) RETURNING id', 4],
  ['UPDATE inventory SET reserved = reserved + 1 WHERE sku = $1', 3],
];

type Route = { method: string; path: (random: Random) => string; needs: ('db' | 'payments' | 'cache')[]; weight: number };
const routes: Route[] = [
  { method: 'GET', path: () => '/', needs: ['cache'], weight: 20 },
  { method: 'GET', path: (r) => `/api/products/${r.pickSkewed(products)}`, needs: ['cache', 'db'], weight: 40 },
  { method: 'GET', path: () => '/api/orders', needs: ['db'], weight: 15 },
  { method: 'POST', path: () => '/api/orders', needs: ['db', 'payments'], weight: 12 },
  { method: 'POST', path: () => '/api/login', needs: ['db'], weight: 8 },
  { method: 'GET', path: (r) => `/assets/app.${r.hex(8)}.js`, needs: [], weight: 5 },
];
const weighted = routes.flatMap((route) => Array.from({ length: route.weight }, () => route));

/** One request's way through web, api, cache, db and payments: its records share a trace, each span its own id. */
export function simulateRequest(random: Random, health: Health, emit: Emit): void {
  const route = random.pick(weighted);
  const path = route.path(random);
  const traceId = random.hex(32);
  const customer = random.integer(1, 5_000);
  const span = () => ({ trace_id: traceId, span_id: random.hex(16) });
  const client = `${random.integer(1, 223)}.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`;
  const api = { service: 'api', host: `api-${random.integer(1, 4)}`, ...span() };
  let at = random.latency(1.5);
  let status = route.method === 'POST' ? 201 : 200;

  if (random.chance(0.15)) emit(at, { ...api, level: 'debug', message: `${route.method} ${path} begins`, attributes: { customer } });
  if (path === '/api/login' && random.chance(0.12)) {
    status = 401;
    emit(at + 3, {
      ...api,
      level: 'warn',
      message: `login failed for customer ${customer}`,
      attributes: { customer, reason: random.pick(['bad password', 'locked', 'unknown user']) },
    });
  }
  for (const need of route.needs) {
    if (status >= 400) break;
    const [tookMs, failed] =
      need === 'cache'
        ? cache(random, span(), at, path, emit)
        : need === 'db'
          ? database(random, health, span(), at, emit)
          : payment(random, health, span(), at, customer, emit);
    at += tookMs;
    if (need === 'cache' && !failed && random.chance(0.8)) break;
    if (failed && need !== 'cache') {
      status = need === 'db' ? 503 : 502;
      const error = need === 'db' ? 'Error: canceling statement due to statement timeout' : 'PaymentError: upstream payments answered 500';
      emit(at, {
        ...api,
        level: 'error',
        message: `${route.method} ${path} failed: ${nodeTrace(random, error)}`,
        attributes: { customer, need },
      });
    }
  }
  if (status < 400 && random.chance(0.01)) status = 404;
  at += random.latency(1);
  const latency = Math.round(at * 1000) / 1000;
  emit(at, {
    ...api,
    level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    message: `${route.method} ${path} ${status} in ${latency.toFixed(1)} ms`,
    attributes: { 'http.method': route.method, 'http.path': path, 'http.status': status, latency_ms: latency, customer },
  });
  const bytes = status >= 400 ? random.integer(80, 300) : random.integer(400, 60_000);
  emit(at + random.latency(0.6), {
    ...{
      service: 'web',
      host: `web-${random.integer(1, 3)}`,
      trace_id: traceId,
      span_id: undefined,
      level: status >= 500 ? 'error' : 'info',
    },
    message: `${client} - - "${route.method} ${path} HTTP/1.1" ${status} ${bytes}`,
    attributes: { status, bytes, client_ip: client, user_agent: random.pickSkewed(agents) },
  });
}

type Span = { trace_id: string; span_id: string };

function cache(random: Random, span: Span, at: number, path: string, emit: Emit): [tookMs: number, failed: boolean] {
  const tookMs = random.latency(0.4);
  const isHit = random.chance(0.7);
  if (random.chance(0.2)) {
    emit(at + tookMs, {
      service: 'cache',
      host: 'cache-1',
      ...span,
      level: 'debug',
      message: `cache ${isHit ? 'hit' : 'miss'} for ${path}`,
      attributes: { hit: isHit, took_ms: Math.round(tookMs * 1000) / 1000 },
    });
  }
  return [tookMs, !isHit];
}

function database(random: Random, health: Health, span: Span, at: number, emit: Emit): [tookMs: number, failed: boolean] {
  const [statement, medianMs] = random.pick(statements);
  const tookMs = Math.min(5_000, random.latency(medianMs * health.slowness, 0.6));
  const failed = tookMs >= 5_000 || random.chance(health.errorRate);
  const db = { service: 'db', host: `db-${random.integer(1, 2)}`, ...span };
  const attributes = { 'db.statement': statement, took_ms: Math.round(tookMs * 1000) / 1000, rows: failed ? 0 : random.integer(0, 40) };
  if (failed) emit(at + tookMs, { ...db, level: 'error', message: 'ERROR: canceling statement due to statement timeout', attributes });
  else if (tookMs > 100)
    emit(at + tookMs, { ...db, level: 'warn', message: `slow query: ${tookMs.toFixed(0)} ms: ${statement}`, attributes });
  else if (random.chance(0.3))
    emit(at + tookMs, { ...db, level: 'debug', message: `duration: ${tookMs.toFixed(3)} ms  execute: ${statement}`, attributes });
  return [tookMs, failed];
}

function payment(random: Random, health: Health, span: Span, at: number, customer: number, emit: Emit): [tookMs: number, failed: boolean] {
  const tookMs = random.latency(80 * health.slowness, 0.5);
  const failed = random.chance(0.01 + health.errorRate);
  const amount = random.integer(100, 50_000) / 100;
  const charge = `ch_${random.hex(16)}`;
  const payments = { service: 'payments', host: `payments-${random.integer(1, 2)}`, ...span };
  const attributes = { charge, amount, currency: random.pickSkewed(['EUR', 'USD', 'GBP']), customer };
  emit(at + 2, { ...payments, level: 'info', message: `charging ${amount.toFixed(2)} to customer ${customer}`, attributes });
  if (failed) {
    const trace = javaTrace(
      random,
      'com.acme.payments.GatewayException: charge was not confirmed',
      `java.sql.SQLTransientConnectionException: HikariPool-1 - Connection is not available, request timed out after ${random.integer(30_000, 30_020)}ms.`,
    );
    emit(at + tookMs, { ...payments, level: 'error', message: trace, attributes });
  } else
    emit(at + tookMs, {
      ...payments,
      level: 'info',
      message: `charge ${charge} confirmed in ${tookMs.toFixed(0)} ms`,
      attributes: { ...attributes, took_ms: Math.round(tookMs) },
    });
  return [tookMs, failed];
}
