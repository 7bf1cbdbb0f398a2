import kafkajs, { type ISocketFactory, type KafkaConfig } from 'kafkajs';
import Cluster from 'kafkajs/src/cluster/index.js';
import loggers from 'kafkajs/src/loggers/index.js';
import createSocketFactory from 'kafkajs/src/network/socketFactory.js';
import './kafkajs-repairs.ts';
import { type KafkaAuth, securityOf } from './auth.ts';
import { registerCodecs } from './codecs.ts';

/** Where a cluster is and how to speak to it. */
export type KafkaConnection = {
  /** `host:port` of some of its brokers; the others are found. */
  brokers: string[];
  /** @default plain */
  auth?: KafkaAuth;
  /** @default logdrive */
  clientId?: string;
  /** @default 2 s */
  connectionTimeoutMs?: number;
  /** After this long without an answer the outcome of a request is unknown. @default 5 s */
  requestTimeoutMs?: number;
  /** Opens the sockets, where they go another way than straight to the brokers. */
  socketFactory?: ISocketFactory;
};

/** kafkajs's own log is left out: what matters comes back as an error. */
const logCreator = () => () => {};

/** The configuration of kafkajs's classes. Of itself it never tries again; whoever calls does, within a budget. */
export function kafkaConfig(connection: KafkaConnection): KafkaConfig & { brokers: string[]; socketFactory: ISocketFactory } {
  registerCodecs();
  const { brokers, auth = { kind: 'plain' }, clientId = 'logdrive', connectionTimeoutMs = 2_000, requestTimeoutMs = 5_000 } = connection;
  const timeouts = { connectionTimeout: connectionTimeoutMs, authenticationTimeout: connectionTimeoutMs, requestTimeout: requestTimeoutMs };
  const retry = { retries: 0, initialRetryTime: 50, maxRetryTime: 1_000 };
  const { socketFactory = createSocketFactory() } = connection;
  return { brokers, clientId, socketFactory, ...timeouts, retry, logLevel: kafkajs.logLevel.NOTHING, logCreator, ...securityOf(auth) };
}

/** kafkajs's connections to the brokers of a cluster, and what it knows of their topics. */
export function openCluster(connection: KafkaConnection): Cluster {
  const config = kafkaConfig(connection);
  return new Cluster({
    ...config,
    logger: loggers.createLogger({ level: kafkajs.logLevel.NOTHING, logCreator }),
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    isolationLevel: 0,
  });
}
