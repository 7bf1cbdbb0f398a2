import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { Missing } from './missing.ts';
import { neededJava } from './pins.ts';

export type Jdk = { home: string; major: number };

/** Folders that hold one JDK a folder. */
const jdkFolders = ['/usr/lib/jvm', '/usr/java', join(homedir(), '.sdkman/candidates/java'), '/Library/Java/JavaVirtualMachines'];

/**
 * Finds a JDK (with `javac`) of at least `neededJava`: JAVA_HOME, then `javac` on PATH, then the usual folders, there the newest.
 * @throws Missing naming what was found instead, and how to install one
 */
export function findJdk(env: NodeJS.ProcessEnv = process.env): Jdk {
  const named = env.JAVA_HOME ? [env.JAVA_HOME] : [];
  const onPath = (env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'javac'))
    .filter((file) => existsSync(file))
    .map((file) => dirname(dirname(realpathSync(file))));
  const installed = jdkFolders
    .flatMap((folder) => (existsSync(folder) ? readdirSync(folder).map((name) => join(folder, name)) : []))
    .flatMap((home) => [home, join(home, 'Contents/Home')]);
  const first = [...named, ...onPath].flatMap(jdkAt).find(({ major }) => major >= neededJava);
  if (first) return first;
  const found = installed.flatMap(jdkAt).sort((one, other) => other.major - one.major);
  if (found[0] && found[0].major >= neededJava) return found[0];
  const seen = [...named, ...onPath, ...installed].flatMap(jdkAt).map(({ home, major }) => `${major} in ${home}`);
  throw new Missing(
    `a JDK ${neededJava} or newer is needed, ${seen.length > 0 ? `only ${[...new Set(seen)].join(', ')} is here` : 'none is here'}; ` +
      'install one (Debian, Ubuntu: apt-get install temurin-25-jdk or openjdk-21-jdk; macOS: brew install temurin) or set JAVA_HOME',
  );
}

/** The JDK of a folder by its `release` file; none where there is no `javac`. */
function jdkAt(home: string): Jdk[] {
  const release = join(home, 'release');
  if (!existsSync(join(home, 'bin/javac')) || !existsSync(release)) return [];
  const version = /^JAVA_VERSION="?(\d+)/m.exec(readFileSync(release, 'utf8'))?.[1];
  return version ? [{ home: realpathSync(home), major: Number(version) }] : [];
}
