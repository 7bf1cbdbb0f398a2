import { KafkaReader, type KafkaReaderOptions } from '../../adapters/queue/kafka/kafka-reader.ts';
import { ParsedTopic } from '../../adapters/queue/kafka/parsed-topic.ts';
import { createPublishParsed } from '../../pipeline/publish-parsed.ts';

/** Opens the output of processed records, and a reader of its own for the sink that fills it. */
export function openParsed(topic: ConstructorParameters<typeof ParsedTopic>[0], raw: KafkaReaderOptions) {
  const output = new ParsedTopic(topic);
  const reader = new KafkaReader(raw);
  return {
    reader,
    publish: createPublishParsed(output),
    async close() {
      await Promise.all([output.close(), reader.close()]);
    },
  };
}
