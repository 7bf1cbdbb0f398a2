import { dirname, join, normalize } from 'node:path';

type Room = { name: string; path: RegExp; may: string[] };

/** Every room: where it lives and which rooms it may import. The first match wins; `self` is the file's own folder of the room. */
export const rooms: Room[] = [
  { name: 'function-manifest', path: /^lambdas\/([^/]+\/manifest|[^/]+)\.ts$/, may: ['core', 'function-manifest'] },
  { name: 'manifest', path: /\/manifest\.ts$/, may: ['core'] },
  { name: 'gen', path: /^gen\//, may: ['gen'] },
  { name: 'core', path: /^src\/core\//, may: ['core'] },
  { name: 'query', path: /^src\/query\//, may: ['core', 'query'] },
  { name: 'alerts', path: /^src\/alerts\//, may: ['core', 'query', 'alerts'] },
  { name: 'registry', path: /^src\/processors\/registry\.ts$/, may: ['core', 'processors', 'manifest'] },
  { name: 'processors', path: /^src\/processors\/([^/]+\/|[^/]+\.ts$)/, may: ['core', 'manifest', 'self'] },
  { name: 'columnar', path: /^src\/columnar\//, may: ['core', 'query', 'columnar'] },
  { name: 'simulate', path: /^src\/simulate\//, may: ['core', 'simulate'] },
  { name: 'adapters', path: /^src\/adapters\/[^/]+\/([^/]+\/)?/, may: ['core', 'query', 'columnar', 'self'] },
  { name: 'config', path: /^src\/config\//, may: ['core', 'manifest', 'registry', 'config'] },
  { name: 'pipeline', path: /^src\/pipeline\//, may: ['core', 'query', 'alerts', 'columnar', 'registry', 'processors', 'pipeline', 'gen'] },
  { name: 'http', path: /^src\/http\//, may: ['core', 'query', 'alerts', 'pipeline', 'http', 'gen'] },
  { name: 'cli', path: /^src\/cli\//, may: ['core', 'config', 'simulate', 'stages', 'cli'] },
  {
    name: 'compose',
    path: /^src\/compose\//,
    may: [
      'manifest',
      'function-manifest',
      'core',
      'query',
      'alerts',
      'registry',
      'processors',
      'columnar',
      'adapters',
      'config',
      'pipeline',
      'http',
      'compose',
    ],
  },
  { name: 'lambdas', path: /^lambdas\/[^/]+\//, may: ['function-manifest', 'core', 'pipeline', 'http', 'compose', 'self'] },
  { name: 'stages', path: /^lib\/(stages\.ts$|stage-settings\.ts$|cost\/)/, may: ['stages'] },
  { name: 'lib', path: /^lib\//, may: ['manifest', 'function-manifest', 'stages', 'lib'] },
  { name: 'bin', path: /^bin\//, may: ['lib', 'stages', 'cli', 'config', 'compose'] },
];

/** Rooms whose code the browser runs as well: no `node:` module. */
const runtimeFree = new Set(['manifest', 'function-manifest', 'core', 'query', 'alerts', 'processors', 'registry']);

const importPattern = /(?:\bfrom|\bimport)\s*\(?\s*['"]([^'"\n]+)['"]/g;

export const roomOf = (file: string): Room | undefined => rooms.find(({ path }) => path.test(file));

/** Lists what one file imports against the table, a sentence each; empty when it keeps to its neighbours. */
export function violations(file: string, source: string): string[] {
  const room = roomOf(file);
  if (!room) return [`${file} is in no room`];
  const found: string[] = [];
  for (const [, specifier = ''] of source.matchAll(importPattern)) {
    if (!specifier.startsWith('.')) {
      if (specifier.startsWith('node:') && runtimeFree.has(room.name)) found.push(`${file} (${room.name}) -> ${specifier}`);
      continue;
    }
    const target = normalize(join(dirname(file), specifier));
    const own = room.path.exec(file)?.[0] ?? '';
    if (room.may.includes('self') && target.startsWith(own)) continue;
    const to = roomOf(target)?.name ?? 'no room';
    if (!room.may.includes(to)) found.push(`${file} (${room.name}) -> ${target} (${to})`);
  }
  return found;
}
