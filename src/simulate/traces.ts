import type { Random } from './random.ts';

/** A Java stack trace of a service that cannot reach what it needs. */
export function javaTrace(random: Random, error: string, cause: string): string {
  const frames = [
    'com.acme.payments.PaymentGateway.charge(PaymentGateway.java:118)',
    'com.acme.payments.ChargeService.process(ChargeService.java:64)',
    'com.acme.payments.ChargeController.create(ChargeController.java:41)',
    'org.springframework.web.servlet.DispatcherServlet.doDispatch(DispatcherServlet.java:1089)',
    'jakarta.servlet.http.HttpServlet.service(HttpServlet.java:658)',
    'java.base/java.lang.Thread.run(Thread.java:1583)',
  ];
  const causeFrames = [
    'com.zaxxer.hikari.pool.HikariPool.createTimeoutException(HikariPool.java:696)',
    'com.zaxxer.hikari.pool.HikariPool.getConnection(HikariPool.java:197)',
    'com.acme.payments.LedgerRepository.append(LedgerRepository.java:52)',
  ];
  const kept = frames.slice(0, random.integer(3, frames.length));
  return [
    error,
    ...kept.map((frame) => `\tat ${frame}`),
    `Caused by: ${cause}`,
    ...causeFrames.map((frame) => `\tat ${frame}`),
    `\t... ${random.integer(12, 48)} more`,
  ].join('\n');
}

/** A Python traceback of a job that failed. */
export function pythonTrace(random: Random, error: string): string {
  return [
    'Traceback (most recent call last):',
    `  File "/app/worker/runner.py", line ${random.integer(40, 60)}, in run`,
    '    result = job.execute(payload)',
    `  File "/app/worker/jobs/${random.pick(['thumbnails', 'invoices', 'exports'])}.py", line ${random.integer(12, 90)}, in execute`,
    '    return self.client.fetch(payload["url"], timeout=self.timeout)',
    error,
  ].join('\n');
}

/** A Node.js stack of a request handler. */
export function nodeTrace(random: Random, error: string): string {
  return [
    error,
    `    at OrderService.place (file:///app/src/orders/place.ts:${random.integer(20, 90)}:${random.integer(3, 30)})`,
    '    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)',
    '    at async file:///app/src/http/routes/orders.ts:33:20',
  ].join('\n');
}
