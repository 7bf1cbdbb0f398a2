import { Client } from '../client.ts';
import { type Command, FailedError, jsonOption, serverOptions, text } from '../command.ts';
import { number, span, table } from '../style.ts';

type Counts = { done: number; in_flight: number; dead: number; dropped: Record<string, number> };
export type LedgerAnswer = {
  accepted: number;
  hot: Counts;
  warm: Counts;
  oldest_in_flight_s: number | null;
  partitions: { partition: number; start: number; end: number; hot: Counts; warm: Counts }[];
  unattributed: number;
  holes: { partition: number; from: number; to: number; reason: string; detail: string }[];
};

export const ledger: Command = {
  usage: '',
  about: 'For each store, accepted = done + in flight + dead + dropped. Fails where that does not hold.',
  options: {
    ...serverOptions,
    from: { type: 'string', value: 'TIME', help: 'only records observed in this minute or later' },
    to: { type: 'string', value: 'TIME', help: 'only records observed before this minute' },
    tenant: { type: 'string', value: 'NAME', help: 'another tenant, or * for all (for whoever runs the host)' },
    partitions: { type: 'boolean', help: 'each partition too' },
    ...jsonOption,
  },
  examples: ['logdrive ledger', 'logdrive ledger --from 2026-11-20T08:00:00Z --json', "logdrive ledger --tenant '*' --partitions"],
  async run({ io, values, style }) {
    const answer = await new Client(io, values).call<LedgerAnswer>('GET', '/api/ledger', {
      query: { from: text(values, 'from'), to: text(values, 'to'), tenant: text(values, 'tenant') },
    });
    if (values.json) io.out(`${JSON.stringify(answer)}\n`);
    else {
      io.out(
        `${table(['', 'accepted', 'done', 'in flight', 'dead', 'dropped'], [row('hot', answer.accepted, answer.hot), row('warm', answer.accepted, answer.warm)], style)}\n`,
      );
      for (const [store, { dropped }] of [
        ['hot', answer.hot],
        ['warm', answer.warm],
      ] as const) {
        const reasons = Object.entries(dropped).filter(([, n]) => n > 0);
        if (reasons.length > 0) io.out(`  ${store} dropped: ${reasons.map(([reason, n]) => `${number(n)} ${reason}`).join(', ')}\n`);
      }
      if (values.partitions) {
        const rows = answer.partitions.map(({ partition, start, end, hot, warm }) => [
          partition,
          start,
          end,
          hot.in_flight,
          warm.in_flight,
          hot.dead,
        ]);
        io.out(`\n${table(['partition', 'start', 'end', 'hot in flight', 'warm in flight', 'dead'], rows, style)}\n`);
      }
      for (const { partition, from, to, reason, detail } of answer.holes)
        io.out(`${style.yellow('hole')} partition ${partition}, offsets ${from} to ${to}: ${reason}: ${detail}\n`);
      if (answer.unattributed > 0) io.out(style.dim(`${number(answer.unattributed)} not read by any store yet\n`));
      if (answer.oldest_in_flight_s !== null)
        io.out(style.dim(`the oldest in flight was accepted ${span(answer.oldest_in_flight_s)} ago\n`));
    }
    const wrong = (['hot', 'warm'] as const).filter((store) => total(answer[store]) !== answer.accepted);
    if (wrong.length > 0) throw new FailedError(`the account of ${wrong.join(' and ')} does not add up: please report this`);
  },
};

const droppedOf = ({ dropped }: Counts): number => Object.values(dropped).reduce((sum, n) => sum + n, 0);
const total = (counts: Counts): number => counts.done + counts.in_flight + counts.dead + droppedOf(counts);
const row = (name: string, accepted: number, counts: Counts) => [
  name,
  accepted,
  counts.done,
  counts.in_flight,
  counts.dead,
  droppedOf(counts),
];
