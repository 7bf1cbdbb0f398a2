import type { ParsedOutput } from '../core/ports/streams.ts';
import type { StoredRecord } from '../core/record.ts';
import { recordJson } from '../core/record-json.ts';

/**
 * Makes the verb publish-parsed: hands processed records on to other people's consumers, in the spelling of search results, each to the
 * partition of the number that it had in the raw topic, so that their order is kept. Nothing of ours reads them back.
 */
export const createPublishParsed =
  (output: ParsedOutput) =>
  async (records: readonly StoredRecord[]): Promise<void> => {
    const partitions = new Map<number, Buffer[]>();
    for (const record of records) {
      const texts = partitions.get(record.partition) ?? [];
      partitions.set(record.partition, texts);
      texts.push(Buffer.from(JSON.stringify(recordJson(record))));
    }
    await Promise.all([...partitions].map(([partition, texts]) => output.publish(partition, texts)));
  };
