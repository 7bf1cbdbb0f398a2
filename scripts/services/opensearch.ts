import { copyFile, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { downloadJars, once, tool } from './install.ts';
import { pins } from './pins.ts';
import type { Service } from './service.ts';

const source = join(import.meta.dirname, 'java/Launch.java');

/** One node without plugins: no security, no ISM, no SQL. */
export const opensearch: Service = {
  name: 'opensearch',
  version: pins.opensearch.version,
  ports: pins.opensearch.ports,
  needsJava: true,
  readyWithinMs: 120_000,
  install: (jdk) =>
    once(`opensearch-${pins.opensearch.version}-java${jdk!.major}`, async (folder) => {
      await downloadJars(pins.opensearch.jars, jdk!, folder);
      const classes = join(folder, 'classes');
      await mkdir(classes);
      await copyFile(source, join(folder, 'Launch.java'));
      await tool(join(jdk!.home, 'bin/javac'), ['-cp', join(folder, 'lib/*'), '-d', classes, source], 'javac');
      await tool(join(jdk!.home, 'bin/jar'), ['cf', join(folder, 'lib/launch.jar'), '-C', classes, '.'], 'jar');
    }),
  async plan({ installed, data, ports, jdk }) {
    const [port = 0] = ports;
    const lib = join(installed, 'lib');
    // Named one by one: the archive of classes holds for one fixed class path of jars.
    const jars = (await readdir(lib)).filter((name) => name.endsWith('.jar')).sort();
    const archive = [
      '-XX:+AutoCreateSharedArchive',
      `-XX:SharedArchiveFile=${join(installed, 'classes.jsa')}`,
      '-Xlog:cds=off',
      '-Xlog:aot=off',
    ];
    const heap = process.env.LOGDRIVE_OPENSEARCH_HEAP ?? '512m';
    const memory = [`-Xms${heap}`, `-Xmx${heap}`, '-XX:+UseG1GC'];
    const modules = ['--enable-native-access=ALL-UNNAMED', '--add-modules', 'jdk.incubator.vector', '-Dlog4j2.disable.jmx=true'];
    const endpoint = `http://127.0.0.1:${port}`;
    return {
      program: join(jdk!.home, 'bin/java'),
      args: [...memory, ...archive, ...modules, '-cp', jars.map((name) => join(lib, name)).join(':'), 'Launch', String(port), data],
      endpoint,
      isReady: async () => (await status(`${endpoint}/_cluster/health?wait_for_status=yellow&timeout=1s`)) === 200,
    };
  },
};

const status = (url: string): Promise<number> =>
  fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (answer) => answer.status,
    () => 0,
  );
