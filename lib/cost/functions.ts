import type { StageSettings } from '../stages.ts';
import { type Item, item } from './item.ts';
import { assumptions, type Load } from './load.ts';

type Schedule = { name: string; memoryGb: number; everyMin: number; ms?: number };
type Consumer = { name: string; memoryGb: number; batch: number; windowS: number };

/** Sizes as in the manifests; a test holds them equal. */
export const sizes = {
  ingestGb: 1,
  queryGb: 2,
  consumers: [
    { name: 'index', memoryGb: 1, batch: 5_000, windowS: 1 },
    { name: 'archive', memoryGb: 2, batch: 10_000, windowS: 20 },
  ] satisfies Consumer[],
  /** Calls by schedules, by memory; how long one takes where it is not as long as most: the evaluator waits between its four passes. */
  passes: [
    { name: 'canary', memoryGb: 0.5, everyMin: 1 },
    { name: 'compact', memoryGb: 3008 / 1024, everyMin: 5 },
    { name: 'evaluate', memoryGb: 0.5, everyMin: 1, ms: 46_000 },
    { name: 'deliver-alerts', memoryGb: 0.5, everyMin: 1, ms: 46_000 },
    { name: 'redrive', memoryGb: 1, everyMin: 60 },
    { name: 'restore', memoryGb: 0.5, everyMin: 15 },
    { name: 'retention', memoryGb: 1, everyMin: 60 },
  ] as Schedule[],
};

/** A month of the API, the functions behind it, their pollers and their logs. */
export function functionCosts(stage: StageSettings, load: Load): Item[] {
  const { daysPerMonth, hoursPerMonth, ingestMs, queryMs, consumerMsPerBatch, consumerMsPerThousand, passMs } = assumptions;
  const { gbPerDay, recordBytes, recordsPerRequest, queriesPerDay } = load;
  const records = (gbPerDay * 1e9 * daysPerMonth) / recordBytes;
  const requests = records / recordsPerRequest;
  const queries = (gbPerDay > 0 ? queriesPerDay : 0) * daysPerMonth;
  const consumers = sizes.consumers.filter(({ name }) => name !== 'index' || stage.search);
  const work = consumers.map(({ name, memoryGb, batch, windowS }) => {
    // The fewer batches of the two: one a window from each partition, or full ones; never fewer than full ones.
    const byWindow = records > 0 ? (stage.stream.partitions * hoursPerMonth * 3_600) / windowS : 0;
    const batches = Math.max(records / batch, Math.min(byWindow, requests));
    return { name, batches, gbSeconds: (memoryGb * (batches * consumerMsPerBatch + (records / 1_000) * consumerMsPerThousand)) / 1_000 };
  });
  const batches = work.reduce((sum, each) => sum + each.batches, 0);
  const passes = sizes.passes.map(({ memoryGb, everyMin, ms = passMs }) => ({ count: (hoursPerMonth * 60) / everyMin, memoryGb, ms }));
  const passCount = passes.reduce((sum, { count }) => sum + count, 0);
  const passGbSeconds = passes.reduce((sum, { count, memoryGb, ms }) => sum + (count * memoryGb * ms) / 1_000, 0);
  const invocations = requests + queries + batches;
  const logGb = (invocations * assumptions.logBytesPerInvocation + requests * assumptions.logBytesPerRequest) / 1e9;
  const passLogGb = (passCount * assumptions.logBytesPerInvocation) / 1e9;
  const waf = stage.api.wafRequestsPer5Min > 0;
  const writes = batches * assumptions.dynamoWritesPerBatch + requests * assumptions.dynamoWritesPerRequest;
  return [
    item('api', 'requests', 'restRequests', (requests + queries) / 1e6, false),
    item('api', 'WAF', 'wafAcl', waf ? 1 : 0, true),
    item('api', 'WAF rules', 'wafRule', waf ? 1 + Number(stage.api.allowedAddresses.length > 0) : 0, true),
    item('api', 'WAF requests', 'wafRequests', waf ? (requests + queries) / 1e6 : 0, false),
    item('functions', 'ingest', 'lambdaGbSecond', (requests * sizes.ingestGb * ingestMs) / 1_000, false),
    item('functions', 'query', 'lambdaX86GbSecond', (queries * sizes.queryGb * queryMs) / 1_000, false),
    ...work.map(({ name, gbSeconds }) => item('functions', name, 'lambdaGbSecond', gbSeconds, false)),
    item('functions', 'schedules', 'lambdaGbSecond', passGbSeconds, true),
    item('functions', 'invocations', 'lambdaRequests', invocations / 1e6, false),
    item('functions', 'invocations by schedules', 'lambdaRequests', passCount / 1e6, true),
    ...pollerCosts(stage, gbPerDay, consumers.length),
    item('state', 'writes', 'dynamodbWrites', writes / 1e6, false),
    item('state', 'reads', 'dynamodbReads', (batches * assumptions.dynamoReadsPerBatch + requests) / 1e6, false),
    item('watching', 'logs written', 'logsIn', logGb, false),
    item('watching', 'logs of schedules', 'logsIn', passLogGb, true),
    item('watching', 'logs kept', 'logsKept', (logGb * stage.functions.logDays) / daysPerMonth, false),
    item('watching', 'logs of schedules kept', 'logsKept', (passLogGb * stage.functions.logDays) / daysPerMonth, true),
  ];
}

/** Provisioned pollers take 5 MB/s each; the least number of each source shares one group. */
function pollerCosts({ functions, stream }: StageSettings, gbPerDay: number, consumers: number): Item[] {
  if (functions.pollers === 'on-demand' || stream.kind === 'external') return [];
  const { hoursPerMonth } = assumptions;
  const busy = Math.ceil((gbPerDay * 1e3 * consumers) / 86_400 / 5);
  const { min } = functions.pollers;
  return [
    item('functions', `${min} pollers of the event sources`, 'pollerHour', min * hoursPerMonth, true),
    item('functions', 'pollers more under load', 'pollerHour', Math.max(0, busy - min) * hoursPerMonth, false),
  ];
}
