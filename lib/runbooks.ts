/** Where the runbooks can be read; a fork points it at its own. */
export const runbooks = 'https://github.com/logdrive/logdrive/blob/main/docs/runbooks.md';

/** Every alarm: what it says to whoever is woken by it. Each has a section of the same name in docs/runbooks.md; a test holds them together. */
export const alarmTable = {
  'api-5xx': { says: 'Requests are answered with 5xx' },
  'api-latency': { says: 'Ingest answers slowly' },
  'function-errors': { says: 'A function fails' },
  'function-throttles': { says: 'A function is throttled' },
  'consumer-lag': { says: 'A consumer of Kafka falls behind' },
  'dead-letters': { says: 'Records could not pass and lie in the dead letters' },
  'redrive-failures': { says: 'Redrive jobs failed again and again' },
  'ledger-residue': { says: 'A record is under way for longer than its limit' },
  'canary-missing': { says: 'No canary went the whole way' },
  'storage-growth': { says: 'The files grow faster than was expected' },
  'kafka-disk': { says: 'Brokers run out of disk' },
  'kafka-offline': { says: 'Partitions of Kafka have no leader' },
  'search-health': { says: 'OpenSearch lost copies of indices' },
  'search-disk': { says: 'OpenSearch runs out of disk' },
} as const;
export type AlarmName = keyof typeof alarmTable;

export const runbookUrl = (name: AlarmName): string => `${runbooks}#${name}`;
