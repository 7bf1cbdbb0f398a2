import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { tool } from '../../scripts/services/install.ts';
import { findJdk } from '../../scripts/services/java.ts';
import { kafka } from '../../scripts/services/kafka.ts';
import { freePorts } from '../../scripts/services/ports.ts';

type Node = { id: number; port: number; properties: string; child: ChildProcess | undefined };

/** Brokers that are controllers too (KRaft), in processes of a test's own, which it may kill one by one. */
export class KafkaCluster {
  readonly #root: string;
  readonly #java: string;
  readonly #classPath: string;
  readonly #nodes: Node[];

  private constructor(root: string, java: string, classPath: string, nodes: Node[]) {
    this.#root = root;
    this.#java = java;
    this.#classPath = classPath;
    this.#nodes = nodes;
  }

  static async start(size = 3): Promise<KafkaCluster> {
    const jdk = findJdk();
    const { folder } = await kafka.install(jdk);
    const root = await mkdtemp(join(tmpdir(), 'logdrive-cluster-'));
    const ports = await freePorts(Array<number>(2 * size).fill(0));
    const voters = Array.from({ length: size }, (_, i) => `${i + 1}@127.0.0.1:${ports[size + i]}`).join(',');
    const nodes = Array.from({ length: size }, (_, i) => ({
      ...{ id: i + 1, port: ports[i]!, properties: join(root, `${i + 1}.properties`), child: undefined },
    }));
    const cluster = new KafkaCluster(root, join(jdk.home, 'bin/java'), join(folder, 'lib/*'), nodes);
    const clusterId = `L${randomBytes(16).toString('base64url').slice(1)}`;
    for (const { id, port, properties } of nodes) {
      await mkdir(join(root, `logs-${id}`));
      await writeFile(properties, propertiesOf({ id, port, controller: ports[size + id - 1]!, voters, folder: join(root, `logs-${id}`) }));
      const format = ['-Xmx128m', '-cp', cluster.#classPath, 'kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', properties];
      await tool(cluster.#java, format, 'java');
    }
    for (const { id } of nodes) cluster.restart(id);
    await Promise.all(nodes.map(({ port }) => listens(port)));
    return cluster;
  }

  get brokers(): string[] {
    return this.#nodes.map(({ port }) => `127.0.0.1:${port}`);
  }

  restart(id: number): void {
    const node = this.#nodes[id - 1]!;
    const memory = ['-Xms96m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];
    node.child = spawn(this.#java, [...memory, '-cp', this.#classPath, 'kafka.Kafka', node.properties], { stdio: 'ignore' });
  }

  /** Ends a broker as a power cut would. */
  async kill(id: number): Promise<void> {
    const { child } = this.#nodes[id - 1]!;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await Promise.all(this.#nodes.map(({ id }) => this.kill(id)));
    await rm(this.#root, { recursive: true, force: true });
  }
}

async function listens(port: number): Promise<void> {
  for (let deadline = Date.now() + 120_000; Date.now() < deadline; await delay(200)) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
      socket.once('error', () => resolve(false));
    });
    if (isOpen) return;
  }
  throw new Error(`the broker on port ${port} did not start`);
}

const propertiesOf = ({
  id,
  port,
  controller,
  voters,
  folder,
}: {
  id: number;
  port: number;
  controller: number;
  voters: string;
  folder: string;
}) =>
  `process.roles=broker,controller
node.id=${id}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controller}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=${folder}
auto.create.topics.enable=false
offsets.topic.replication.factor=3
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=1
broker.session.timeout.ms=6000
log.cleaner.dedupe.buffer.size=16777216
`;
