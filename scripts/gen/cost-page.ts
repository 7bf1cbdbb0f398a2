import { breakEvenEndpoints, egressCosts } from '../../lib/cost/egress.ts';
import { type Estimate, estimate } from '../../lib/cost/estimate.ts';
import { assumptions, defaultLoad } from '../../lib/cost/load.ts';
import { prices, pricesOf } from '../../lib/cost/prices.ts';
import { filesAfter } from '../../lib/cost/tiers.ts';
import { stages } from '../../lib/stages.ts';

const usd = (amount: number): string => amount.toLocaleString('en', { minimumFractionDigits: 2, maximumFractionDigits: 2 });
const row = (...cells: (string | number)[]): string => `| ${cells.join(' | ')} |`;
const tableOf = (head: string[], rows: (string | number)[][]): string =>
  [row(...head), row(...head.map((_each, index) => (index === 0 ? '---' : '--:'))), ...rows.map((cells) => row(...cells))].join('\n');

const at = (stage: 'dev' | 'prod', gbPerDay: number, months = 12): Estimate =>
  estimate(stages[stage], { ...defaultLoad, gbPerDay }, months);

/** docs/cost.md: what a stage costs, by the calculator that `logdrive cost` runs. */
export function costPage(): string {
  return `<!-- Written by scripts/gen.ts from lib/cost and lib/stages.ts. -->
# What it costs on AWS

    npx logdrive cost --stage prod --gb-per-day 50 --items

computes a month of a stage from its settings in \`lib/stages.ts\`, and asks nobody. This page is made by the same code; \`npm test\` fails when it is not.

**Prices** were written down in ${pricesOf.date} for ${pricesOf.region}, from ${pricesOf.source}. They stand in one table, \`lib/cost/prices.ts\`; look at them again before you rely on a sum.
A **?** marks a price that was not found in a price file: ${uncertain().join(', ')}. Transfer out to the internet (queries' answers) and between zones is left out.

No bill of an account has been compared with this: nothing here was run on one.

## By component

US dollars a month; the stage has run for a year. The warnings of the calculator are below.

${components()}

${warnings()}

*Idle* is paid without a single record: brokers, search nodes, endpoints, alarms. It is most of a small stage's bill. What is cheaper at the cost of what:

- \`search: false\` takes OpenSearch away. The files answer every query, more slowly.
- \`stream.kind: 'serverless'\` instead of Express brokers in prod: ${usd(serverless().components.kafka ?? 0)} against ${usd(at('prod', 5).components.kafka ?? 0)} at 5 GB a day.
- \`functions.pollers: 'on-demand'\` saves the pollers, needs two more endpoints, and starts slower when a burst comes.

## Files over the months

prod, 50 GB a day raw, ${assumptions.warmRatio * 100} % of that as Parquet. Days 1 to ${stages.prod.storage.glacierAfterDays} are in S3 Standard, then Glacier Instant
Retrieval (read as ever, 0.03 a GB read), from day ${stages.prod.storage.deepArchiveAfterDays} on Deep Archive (to be restored before it is read).

${tiers()}

## NAT gateways or endpoints

A function inside the network reaches S3 and DynamoDB through gateway endpoints, which cost nothing. The rest needs interface endpoints (${prices.endpointHour.usd} an
hour and zone each, ${prices.endpointGb.usd} a GB) or a NAT gateway (${prices.natHour.usd} an hour, ${prices.natGb.usd} a GB). In one zone a NAT gateway is cheaper from the
fifth endpoint on (${breakEvenEndpoints(0).toFixed(1)} without any traffic, ${breakEvenEndpoints(500).toFixed(1)} with 500 GB a month). Functions that need the open internet, notify first, are outside the network.

${egress()}

dev polls on demand, and so needs endpoints of Lambda and STS beside SQS; prod polls by provisioned pollers, which need neither, and asks Athena for large scans
(\`largeScans\`), which needs one.

## What is assumed

${assumed()}

Lambda's durations and DynamoDB's units are assumptions, not measurements on AWS; \`lib/cost/load.ts\` has them all.
`;
}

const uncertain = (): string[] =>
  Object.values(prices)
    .filter((each) => 'uncertain' in each)
    .map(({ usd: amount, per }) => `${amount} a ${per}`);

function components(): string {
  const cases = [at('dev', 0), at('dev', 1), at('prod', 0), at('prod', 5), at('prod', 50), at('prod', 200)];
  const names = [...new Set(cases.flatMap((each) => Object.keys(each.components)))];
  const unsure = (name: string) => cases.some(({ items }) => items.some((each) => each.component === name && each.uncertain));
  return tableOf(
    ['', ...cases.map(({ stage, load }) => `${stage}, ${load.gbPerDay === 0 ? 'idle' : `${load.gbPerDay} GB a day`}`)],
    [
      ...names.map((name) => [`${name}${unsure(name) ? ' ?' : ''}`, ...cases.map((each) => usd(each.components[name] ?? 0))]),
      ['**all**', ...cases.map(({ totalUsd }) => `**${usd(totalUsd)}**`)],
      ['a raw GB, all in', ...cases.map(({ perGbUsd, load }) => (load.gbPerDay > 0 ? usd(perGbUsd.whole) : ''))],
      ['a raw GB more', ...cases.map(({ perGbUsd, load }) => (load.gbPerDay > 0 ? usd(perGbUsd.marginal) : ''))],
    ],
  );
}

const warnings = (): string =>
  [at('dev', 1), at('prod', 5), at('prod', 50), at('prod', 200)]
    .flatMap(({ stage, load, warnings: all }) => all.map((warning) => `- ${stage} at ${load.gbPerDay} GB a day: ${warning}.`))
    .join('\n');

const serverless = (): Estimate =>
  estimate({ ...stages.prod, stream: { ...stages.prod.stream, kind: 'serverless' } }, { ...defaultLoad, gbPerDay: 5 });

const tiers = (): string =>
  tableOf(
    ['after', 'S3 Standard GB', 'Glacier Instant GB', 'Deep Archive GB', 'files, a month', 'all in S3 Standard'],
    [1, 3, 6, 12, 24].map((months) => {
      const { standard, glacier, deep } = filesAfter(stages.prod.storage, 50, months);
      const flat = (standard + glacier + deep) * prices.s3Standard.usd;
      const kept = standard * prices.s3Standard.usd + glacier * prices.s3GlacierInstant.usd + deep * prices.s3DeepArchive.usd;
      return [`${months} months`, ...[standard, glacier, deep].map(Math.round), usd(kept), usd(flat)];
    }),
  );

const egress = (): string =>
  tableOf(
    ['a month', 'interface endpoints', 'NAT gateways'],
    (['dev', 'prod'] as const).flatMap((name) =>
      [0, 5, 50].map((gbPerDay) => {
        const { endpoints, nat } = egressCosts(stages[name], { ...defaultLoad, gbPerDay });
        const sum = (items: typeof nat) => usd(items.reduce((total, each) => total + each.usd, 0));
        return [`${name}, ${gbPerDay} GB a day`, sum(endpoints), sum(nat)];
      }),
    ),
  );

const assumed = (): string =>
  [
    `- ${defaultLoad.recordBytes} bytes a record, ${defaultLoad.recordsPerRequest} records a request, ${defaultLoad.queriesPerDay.toLocaleString('en')} queries a day; all three are options of \`logdrive cost\`.`,
    `- Files take ${assumptions.warmRatio * 100} % of the raw bytes ([measured](benchmarks.md): 5.7, and twice that for minutes), OpenSearch ${assumptions.hotRatio * 100} % a copy (measured on 200,000 records: 51 to 60).`,
    `- A request to ingest takes ${assumptions.ingestMs} ms, a query ${assumptions.queryMs}; a consumer ${assumptions.consumerMsPerBatch} ms a batch and ${assumptions.consumerMsPerThousand} ms a thousand records.`,
    `- Batches of a consumer: one a window and partition while records come, or full ones, whichever is more.`,
    `- ${assumptions.largeScanShare * 100} % of the queries aggregate ${assumptions.largeScanDays} days. Where those are more than \`largeScans.aboveMiB\`, Athena reads ${assumptions.columnShare * 100} % of their bytes, at ${prices.athenaTib.usd} a TiB.`,
    `- ${assumptions.dynamoWritesPerBatch} write and ${assumptions.dynamoReadsPerBatch} read units a batch. A disk is full at ${assumptions.diskShare * 100} %. A month has ${assumptions.hoursPerMonth} hours.`,
  ].join('\n');
