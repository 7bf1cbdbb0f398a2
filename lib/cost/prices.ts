/** One price in US dollars: for how much of what. `uncertain`: not found in a price file, look before you rely on it. */
export type Price = { usd: number; per: string; uncertain?: true };
const price = (usd: number, per: string): Price => ({ usd, per });
const guess = (usd: number, per: string): Price => ({ usd, per, uncertain: true });

/** When the prices were read, for which region, and from where. */
export const pricesOf = {
  date: '2026-11',
  region: 'us-east-1',
  source:
    "stored copies of AWS's documentation and public price files, which may be older; on demand, without free tier, taxes and discounts",
};

/** Every price the calculator uses. The only place for one. */
export const prices = {
  lambdaGbSecond: price(0.0000133334, 'GB-second (arm64)'),
  lambdaX86GbSecond: guess(0.0000166667, 'GB-second (x86_64)'),
  lambdaRequests: price(0.2, 'million requests'),
  pollerHour: guess(0.185, 'provisioned poller and hour'),
  restRequests: price(3.5, 'million requests'),
  wafAcl: price(5, 'ACL and month'),
  wafRule: price(1, 'rule and month'),
  wafRequests: price(0.6, 'million requests'),
  mskT3SmallHour: price(0.0456, 'kafka.t3.small and hour'),
  mskM7gLargeHour: price(0.204, 'kafka.m7g.large and hour'),
  mskExpressM7gLargeHour: price(0.408, 'express.m7g.large and hour'),
  mskExpressIn: price(0.01, 'GB in'),
  mskStorage: price(0.1, 'GB-month'),
  mskServerlessHour: price(0.75, 'cluster and hour'),
  mskServerlessPartitionHour: price(0.0015, 'partition and hour'),
  mskServerlessIn: price(0.1, 'GB in'),
  mskServerlessOut: guess(0.05, 'GB out'),
  searchT3SmallHour: guess(0.036, 't3.small.search and hour'),
  searchM7gMediumHour: guess(0.068, 'm7g.medium.search and hour'),
  searchR7gLargeHour: guess(0.167, 'r7g.large.search and hour'),
  searchDisk: guess(0.122, 'GB-month of gp3'),
  athenaTib: price(5, 'TiB read by Athena'),
  s3Standard: price(0.023, 'GB-month'),
  s3GlacierInstant: price(0.004, 'GB-month'),
  s3DeepArchive: price(0.00099, 'GB-month'),
  s3Puts: price(0.005, 'thousand PUTs'),
  s3Gets: price(0.0004, 'thousand GETs'),
  s3GlacierTransitions: guess(0.02, 'thousand objects moved to Glacier Instant Retrieval'),
  s3DeepTransitions: price(0.05, 'thousand objects moved to Deep Archive'),
  dynamodbWrites: price(0.625, 'million write units'),
  dynamodbReads: price(0.125, 'million read units'),
  dynamodbStorage: price(0.25, 'GB-month'),
  kmsKey: guess(1, 'key and month'),
  alarm: price(0.1, 'alarm and month'),
  dashboard: guess(3, 'dashboard and month'),
  logsIn: price(0.5, 'GB of logs in'),
  logsKept: price(0.03, 'GB-month of logs'),
  natHour: price(0.045, 'NAT gateway and hour'),
  natGb: price(0.045, 'GB through NAT'),
  endpointHour: price(0.01, 'interface endpoint, zone and hour'),
  endpointGb: price(0.01, 'GB through an interface endpoint'),
} satisfies Record<string, Price>;

export type PriceName = keyof typeof prices;

/** The hourly price of a node type. @throws Error for a type without a price */
export function hourlyPrice(instanceType: string): PriceName {
  const known: Record<string, PriceName> = {
    'kafka.t3.small': 'mskT3SmallHour',
    'kafka.m7g.large': 'mskM7gLargeHour',
    'express.m7g.large': 'mskExpressM7gLargeHour',
    't3.small.search': 'searchT3SmallHour',
    'm7g.medium.search': 'searchM7gMediumHour',
    'r7g.large.search': 'searchR7gLargeHour',
  };
  const name = known[instanceType];
  if (!name) throw new Error(`lib/cost/prices.ts has no price for ${instanceType}; there are ${Object.keys(known).join(', ')}`);
  return name;
}
