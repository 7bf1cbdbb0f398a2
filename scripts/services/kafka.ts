import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { downloadJars, once, tool } from './install.ts';
import type { Jdk } from './java.ts';
import { pins, scramUser } from './pins.ts';
import type { KafkaTls, Service } from './service.ts';

const log4j = join(import.meta.dirname, 'java/log4j2.properties');
const storePassword = 'changeit';

/** One broker that is its own controller (KRaft). Its listeners: plain text, the controller's, and TLS with SCRAM where asked for. */
export const kafka: Service = {
  name: 'kafka',
  version: pins.kafka.version,
  ports: pins.kafka.ports,
  needsJava: true,
  readyWithinMs: 60_000,
  install: (jdk) => once(`kafka-${pins.kafka.version}`, (folder) => downloadJars(pins.kafka.jars, jdk!, folder)),
  async plan({ installed, data, ports, jdk, tls }) {
    const [port = 0, controller = 0, secure = 0] = ports;
    const properties = join(data, 'server.properties');
    const store = join(data, 'keys.p12');
    const certificate = join(data, 'ca.pem');
    if (tls && !existsSync(certificate)) await makeCertificate(jdk!, store, certificate);
    await writeFile(properties, serverProperties({ port, controller, ...(tls ? { secure, store } : {}) }, join(data, 'logs')));
    const java = join(jdk!.home, 'bin/java');
    const classPath = join(installed, 'lib/*');
    if (!existsSync(join(data, 'logs/meta.properties'))) {
      const user = `SCRAM-SHA-512=[name=${scramUser.username},password=${scramUser.password}]`;
      const format = ['kafka.tools.StorageTool', 'format', '-t', clusterId(), '-c', properties, '--add-scram', user];
      await tool(java, ['-Xmx256m', '-XX:TieredStopAtLevel=1', `-Dlog4j2.configurationFile=${log4j}`, '-cp', classPath, ...format], java);
    }
    const secured: KafkaTls | undefined = tls
      ? { brokers: `127.0.0.1:${secure}`, ca: await readFile(certificate, 'utf8'), ...scramUser, mechanism: 'scram-sha-512' }
      : undefined;
    return {
      program: java,
      args: [
        '-Xms128m',
        '-Xmx512m',
        '-XX:+UseSerialGC',
        `-Dlog4j2.configurationFile=${log4j}`,
        '-cp',
        classPath,
        'kafka.Kafka',
        properties,
      ],
      endpoint: `127.0.0.1:${port}`,
      ...(secured ? { tls: secured } : {}),
      isReady: () => answers(port),
    };
  },
};

/** A random UUID in Kafka's spelling. */
const clusterId = (): string => `L${randomBytes(16).toString('base64url').slice(1)}`;

async function makeCertificate(jdk: Jdk, store: string, certificate: string): Promise<void> {
  const keytool = join(jdk.home, 'bin/keytool');
  const where = ['-alias', 'broker', '-keystore', store, '-storepass', storePassword, '-storetype', 'PKCS12'];
  const subject = ['-dname', 'CN=localhost', '-ext', 'SAN=dns:localhost,ip:127.0.0.1', '-validity', '3650'];
  await tool(keytool, ['-genkeypair', ...where, '-keyalg', 'EC', '-groupname', 'secp256r1', ...subject], keytool);
  await tool(keytool, ['-exportcert', '-rfc', ...where, '-file', certificate], keytool);
}

type Listeners = { port: number; controller: number; secure?: number; store?: string };

/** Small and quick: one replica of all, topics only as they are made, groups without a delay. Segments are flushed by the page cache, as Kafka does. */
function serverProperties({ port, controller, secure, store }: Listeners, folder: string): string {
  const outside = [`PLAINTEXT://127.0.0.1:${port}`, ...(secure ? [`SASL_SSL://127.0.0.1:${secure}`] : [])];
  const scram = 'listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;';
  return `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controller}
listeners=${[...outside, `CONTROLLER://127.0.0.1:${controller}`].join(',')}
advertised.listeners=${outside.join(',')}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SASL_SSL:SASL_SSL
log.dirs=${folder}
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
sasl.enabled.mechanisms=SCRAM-SHA-512
${secure ? `${scram}\nssl.keystore.location=${store}\nssl.keystore.type=PKCS12\nssl.keystore.password=${storePassword}\n` : ''}`;
}

/** ApiVersions, version 0, without a client id: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
const apiVersions = Buffer.from([0, 0, 0, 10, 0, 18, 0, 0, 0, 0, 0, 1, 0xff, 0xff]);
const answerMs = 1_000;

/** Whether the broker answers a request: it takes none before it is registered with its controller. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(apiVersions));
    const end = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(answerMs, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    // Length and correlation id, then the error code.
    socket.once('data', (bytes) => end(bytes.length >= 10 && bytes.readInt16BE(8) === 0));
  });
}
