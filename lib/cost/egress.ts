import type { StageSettings } from '../stages.ts';
import { interfaceEndpoints } from './interface-endpoints.ts';
import { type Item, item } from './item.ts';
import { assumptions, type Load } from './load.ts';
import { prices } from './prices.ts';

/** What goes out of the network beside S3 and DynamoDB: letters, and with pollers on demand each batch as base64. In GB a month. */
function gbOut({ functions, stream }: StageSettings, { gbPerDay }: Load): number {
  const throughLambda = functions.pollers === 'on-demand' && stream.kind !== 'external' ? 2 * 1.4 : 0;
  return gbPerDay * assumptions.daysPerMonth * (throughLambda + 0.001);
}

/** A month of both ways out of a stage's network. */
export function egressCosts(stage: StageSettings, load: Load): { endpoints: Item[]; nat: Item[] } {
  const { hoursPerMonth } = assumptions;
  const services = interfaceEndpoints(stage);
  const gb = gbOut(stage, load);
  const of = (what: string, price: Item['price'], units: number, fixed: boolean) => item('network', what, price, units, fixed);
  return {
    endpoints: [
      of(
        `endpoints of ${services.join(', ')} in ${stage.endpointZones} zones`,
        'endpointHour',
        services.length * stage.endpointZones * hoursPerMonth,
        true,
      ),
      of('bytes through them', 'endpointGb', gb, false),
    ],
    nat: [of(`${stage.zones} NAT gateways`, 'natHour', stage.zones * hoursPerMonth, true), of('bytes through them', 'natGb', gb, false)],
  };
}

/** How many interface endpoints a zone may have before a NAT gateway is cheaper there, for so many GB a month through that zone. */
export const breakEvenEndpoints = (gbPerMonth: number): number =>
  (prices.natHour.usd * assumptions.hoursPerMonth + gbPerMonth * (prices.natGb.usd - prices.endpointGb.usd)) /
  (prices.endpointHour.usd * assumptions.hoursPerMonth);
