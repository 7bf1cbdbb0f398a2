// What is used of kafkajs 2.2.4 below its public classes. Why: docs/decisions/0008-a-producer-over-kafkajs-connections.md

declare module 'kafkajs/src/cluster/index.js' {
  export type FetchedMessage = {
    offset: string;
    timestamp: string;
    value: Buffer | null;
    headers: Record<string, Buffer | Buffer[] | undefined>;
    isControlRecord: boolean;
  };
  export type FetchedPartition = { partition: number; highWatermark: string; messages: FetchedMessage[] };

  /** What a request encodes itself to: kafkajs copies `buffer`. */
  export type Encoded = { buf: Buffer; buffer: Buffer };

  export interface Broker {
    readonly connectionPool: {
      send<T>(protocol: {
        request: { apiKey: number; apiVersion: number; apiName: string; encode(): Promise<Encoded> };
        response: { decode(raw: Buffer): Promise<unknown>; parse(data: unknown): Promise<T> };
      }): Promise<T>;
    };
    fetch(request: {
      replicaId: number;
      isolationLevel: number;
      maxWaitTime: number;
      minBytes: number;
      maxBytes: number;
      topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
    }): Promise<{ responses: { partitions: FetchedPartition[] }[] }>;
    initProducerId(request: { transactionTimeout: number }): Promise<{ producerId: string; producerEpoch: number }>;
  }

  export default class Cluster {
    constructor(
      options: import('kafkajs').KafkaConfig & {
        logger: unknown;
        socketFactory: import('kafkajs').ISocketFactory;
        allowAutoTopicCreation: boolean;
        metadataMaxAge: number;
        isolationLevel: number;
      },
    );
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    isConnected(): boolean;
    removeBroker(address: { host: string; port: number }): void;
    addTargetTopic(topic: string): Promise<void>;
    refreshMetadata(): Promise<void>;
    refreshMetadataIfNecessary(): Promise<void>;
    findBroker(of: { nodeId: string }): Promise<Broker>;
    findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
    findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
    fetchTopicsOffset(
      topics: { topic: string; partitions: { partition: number }[]; fromBeginning: boolean }[],
    ): Promise<{ partitions: { partition: number; offset: string }[] }[]>;
  }
}

declare module 'kafkajs/src/loggers/index.js' {
  const loggers: { createLogger(options: { level: number; logCreator: import('kafkajs').logCreator }): unknown };
  export default loggers;
}

declare module 'kafkajs/src/network/socketFactory.js' {
  export default function createSocketFactory(): import('kafkajs').ISocketFactory;
}

declare module 'kafkajs-snappy' {
  const codec: () => { compress(encoder: { buffer: Buffer }): Promise<Buffer>; decompress(buffer: Buffer): Promise<Buffer> };
  export default codec;
}

declare module 'kafkajs/src/network/connection.js' {
  export default class Connection {
    readonly broker: string;
    readonly connectionTimeout: number;
    chunks: Buffer[];
    bytesBuffered: number;
    bytesNeeded: number;
    isConnected(): boolean;
    connect(): Promise<boolean>;
  }
}

declare module 'kafkajs/src/protocol/requests/produce/v7/response.js' {
  const response: {
    decode(raw: Buffer): Promise<unknown>;
    parse(data: unknown): Promise<{ topics: { partitions: { baseOffset: string }[] }[] }>;
  };
  export default response;
}

declare module 'kafkajs/src/protocol/recordBatch/crc32C/index.js' {
  export default function crc32C(bytes: Buffer): number;
}

declare module 'kafkajs/src/protocol/decoder.js' {
  export default class Decoder {
    constructor(bytes: Buffer);
  }
}

declare module 'kafkajs/src/protocol/recordBatch/v0/decoder.js' {
  type Decoder = import('kafkajs/src/protocol/decoder.js').default;
  type Record = { offset: string; timestamp: string; key: Buffer | null; value: Buffer; headers: { [name: string]: Buffer } };
  export default function decodeRecordBatch(
    decoder: Decoder,
  ): Promise<{ producerId: string; producerEpoch: number; firstSequence: number; lastOffsetDelta: number; records: Record[] }>;
}
