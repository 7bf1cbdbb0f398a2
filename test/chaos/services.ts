import { parseArgs } from 'node:util';
import { type FaultKind, faultKinds, runServicesChaos } from './services-run.ts';

const { values } = parseArgs({
  options: {
    faults: { type: 'string', default: '10' },
    records: { type: 'string', default: '60000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    clients: { type: 'string', default: '6' },
    partitions: { type: 'string', default: '3' },
    away: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`node test/chaos/services.ts [--faults 10|KIND,KIND…] [--records 60000] [--seed N] [--clients 6] [--partitions 3] [--away SECONDS]

Starts Kafka, OpenSearch, an emulated AWS and the host on them, hurts one after the other while clients send numbered records, and checks that nothing
acknowledged is lost or there twice, and that ledger and receipts say so. Ends with 1 where something is wrong. Kinds: ${faultKinds.join(', ')}.
--away begins with an OpenSearch that is away for so long.
`);
  process.exit(0);
}
const count = Number(values.faults);
const kinds = values.faults.split(',') as FaultKind[];
if (Number.isNaN(count) && kinds.some((kind) => !faultKinds.includes(kind))) {
  process.stderr.write(`--faults takes a number, or some of ${faultKinds.join(',')}\n`);
  process.exit(2);
}

const report = await runServicesChaos({
  faults: Number.isNaN(count) ? kinds : count,
  records: Number(values.records),
  seed: Number(values.seed),
  clients: Number(values.clients),
  partitions: Number(values.partitions),
  ...(values.away === undefined ? {} : { indexAwayMs: Number(values.away) * 1_000 }),
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(
  `${JSON.stringify({ ...report, ledger: report.ledger && { ...report.ledger, minutes: undefined, partitions: undefined } }, null, 2)}\n`,
);
process.exitCode = report.faults.length > 0 ? 1 : 0;
