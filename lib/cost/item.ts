import { type PriceName, prices } from './prices.ts';

/** One line of the bill: so many units of a price. `fixed` is paid without a record. */
export type Item = { component: string; what: string; price: PriceName; units: number; fixed: boolean; usd: number; uncertain: boolean };

export const item = (component: string, what: string, price: PriceName, units: number, fixed: boolean): Item => ({
  ...{ component, what, price, units, fixed },
  usd: units * prices[price].usd,
  uncertain: 'uncertain' in prices[price],
});
