import { estimate } from '../../../lib/cost/estimate.ts';
import { defaultLoad, type Load } from '../../../lib/cost/load.ts';
import { prices, pricesOf } from '../../../lib/cost/prices.ts';
import { type StageName, stages } from '../../../lib/stages.ts';
import { type Command, jsonOption, text, UsageError, type Values, whole } from '../command.ts';
import { table } from '../style.ts';

export const cost: Command = {
  usage: '--stage NAME --gb-per-day GB',
  about: `Computes, with the settings of lib/stages.ts and prices of ${pricesOf.date} in ${pricesOf.region}; asks nobody. docs/cost.md says what is assumed.`,
  options: {
    stage: { type: 'string', value: 'NAME', help: 'dev or prod [dev]' },
    'gb-per-day': { type: 'string', value: 'GB', help: 'raw records a day, in GB of 10^9 bytes [0: what it costs idle]' },
    'record-bytes': { type: 'string', value: 'N', help: `bytes of a record [${defaultLoad.recordBytes}]` },
    'records-per-request': { type: 'string', value: 'N', help: `[${defaultLoad.recordsPerRequest}]` },
    'queries-per-day': { type: 'string', value: 'N', help: `[${defaultLoad.queriesPerDay.toLocaleString('en')}]` },
    'after-months': { type: 'string', value: 'N', help: 'how long it has run: files pile up until their retention [12]' },
    items: { type: 'boolean', help: 'every line of the bill' },
    ...jsonOption,
  },
  examples: [
    'logdrive cost --stage prod --gb-per-day 50',
    'logdrive cost --stage dev --items',
    'logdrive cost --stage prod --gb-per-day 50 --json',
  ],
  async run({ io, values, style }) {
    const name = text(values, 'stage') ?? 'dev';
    if (!(name in stages)) throw new UsageError(`--stage ${name}: there are ${Object.keys(stages).join(', ')}`);
    const found = estimate(stages[name as StageName], loadOf(values), whole(values, 'after-months', 12));
    if (values.json) {
      io.out(`${JSON.stringify({ ...found, prices: pricesOf })}\n`);
      return;
    }
    const { items, components, idleUsd, totalUsd, perGbUsd, load, warnings } = found;
    const unsure = (component: string) => items.some((each) => each.component === component && each.uncertain);
    io.out(`${style.bold(`stage ${name}, ${load.gbPerDay} GB a day`)}, US dollars a month\n\n`);
    const rows = Object.entries(components).map(([component, usd]) => [component, usd.toFixed(2), unsure(component) ? '?' : '']);
    io.out(`${table(['', 'a month', ''], [...rows, ['idle', idleUsd.toFixed(2), ''], ['all', totalUsd.toFixed(2), '']], style)}\n`);
    if (load.gbPerDay > 0)
      io.out(`\n${perGbUsd.whole.toFixed(2)} for each raw GB, all taken together; ${perGbUsd.marginal.toFixed(2)} for one more\n`);
    if (values.items) {
      const lines = items.map(({ component, what, units, price, usd, uncertain }) => [
        component,
        what,
        `${units.toLocaleString('en', { maximumFractionDigits: 1 })} × ${prices[price].usd}`,
        `${usd.toFixed(2)}${uncertain ? ' ?' : ''}`,
      ]);
      io.out(`\n${table(['', 'what', 'units × price', 'a month'], lines, style)}\n`);
    }
    for (const warning of warnings) io.out(`\n${style.yellow(warning)}\n`);
    io.out(style.dim(`\nPrices of ${pricesOf.date}, ${pricesOf.region}; ? holds one that is not certain. From ${pricesOf.source}.\n`));
  },
};

function loadOf(values: Values): Load {
  const given = text(values, 'gb-per-day') ?? '0';
  const gbPerDay = Number(given);
  if (!(gbPerDay >= 0 && gbPerDay <= 1e6)) throw new UsageError(`--gb-per-day ${given}: give a number of GB`);
  return {
    gbPerDay,
    recordBytes: whole(values, 'record-bytes', defaultLoad.recordBytes),
    recordsPerRequest: whole(values, 'records-per-request', defaultLoad.recordsPerRequest),
    queriesPerDay: whole(values, 'queries-per-day', defaultLoad.queriesPerDay, 0),
  };
}
