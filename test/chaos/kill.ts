import { parseArgs } from 'node:util';
import { type Plant, plants } from './plants.ts';
import { runChaos } from './run.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '12' },
    records: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    clients: { type: 'string', default: '6' },
    partitions: { type: 'string', default: '2' },
    plant: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  process.stdout.write(`node test/chaos/kill.ts [--kills 12] [--records 100000] [--seed N] [--clients 6] [--partitions 2] [--plant BUG]

Kills the embedded host with SIGKILL at random moments while clients send numbered records, and checks that nothing acknowledged is lost or
there twice, and that ledger and receipts say so. Ends with 1 where something is wrong. --plant starts a host that is broken on purpose:
${Object.entries(plants)
  .map(([name, what]) => `  ${name.padEnd(22)} ${what}`)
  .join('\n')}
`);
  process.exit(0);
}
if (values.plant !== undefined && !(values.plant in plants)) {
  process.stderr.write(`there is no bug "${values.plant}" to plant: see --help\n`);
  process.exit(2);
}

const report = await runChaos({
  kills: Number(values.kills),
  records: Number(values.records),
  seed: Number(values.seed),
  clients: Number(values.clients),
  partitions: Number(values.partitions),
  ...(values.plant === undefined ? {} : { plant: values.plant as Plant }),
  onProgress: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.faults.length > 0 ? 1 : 0;
