// Bundles every function of lambdas/ into dist/lambdas/<name>/index.mjs: `npm run bundle`, or with another folder as its argument.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { functions } from '../lambdas/registry.ts';

const root = join(import.meta.dirname, '..');
export const defaultFolder = join(root, 'dist/lambdas');

/** Threads that a function starts are files of their own beside its bundle; only functions with DuckDB start one. */
const thread = 'src/adapters/warm-query/duckdb/duckdb-thread.ts';

/** CommonJS packages in a module still ask for Node's own ones by `require`. */
const banner = "import{createRequire as logdriveRequire}from'node:module';const require=logdriveRequire(import.meta.url);";

/** What one bundle holds. `inputs` are the files that were reached, with what is left of each: bytes by path from the root. */
export type Bundle = { name: string; bytes: number; inputs: Map<string, number> };

/**
 * Bundles the functions in one call of esbuild: ESM, minified, only what a handler reaches. Packages with native parts are copied beside the
 * bundle, or with `links` only linked, for tests. The same sources give the same bytes.
 */
export async function bundleFunctions(
  folder = defaultFolder,
  names: string[] = Object.keys(functions),
  { links = false }: { links?: boolean } = {},
): Promise<Bundle[]> {
  rmSync(folder, { recursive: true, force: true });
  const native = [...new Set(names.flatMap((name) => nativeOf(name)))];
  const entries = names.map((name): [string, string] => [`${name}/index`, `lambdas/${name}/handler.ts`]);
  const threads = names.filter((name) => nativeOf(name).length > 0).map((name): [string, string] => [`${name}/duckdb-thread`, thread]);
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries([...entries, ...threads]),
    outdir: folder,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: banner },
    external: native,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
    plugins: [threadsBeside],
  });
  for (const name of names) for (const each of nativeOf(name)) copyPackage(each, join(folder, name, 'node_modules'), links);
  return names.map((name) => bundleOf(name, folder, metafile));
}

const nativeOf = (name: string): string[] => functions[name as keyof typeof functions].bundle.native ?? [];

/** In a bundle a thread's file stands beside the one that starts it, under the name that esbuild gives it. */
const threadsBeside: Plugin = {
  name: 'threads-beside',
  setup({ onLoad }) {
    onLoad({ filter: /\/duckdb-client\.ts$/ }, ({ path }) => {
      const source = readFileSync(path, 'utf8');
      const contents = source.replace("'./duckdb-thread.ts'", "'./duckdb-thread.mjs'");
      if (contents === source) throw new Error(`${path} starts no duckdb-thread.ts any more`);
      return { contents, loader: 'ts' };
    });
  },
};

function bundleOf(name: string, folder: string, { outputs }: Metafile): Bundle {
  const [, output] = Object.entries(outputs).find(([path]) => join(root, path) === join(folder, name, 'index.mjs'))!;
  const inputs = new Map(Object.entries(output.inputs).map(([path, { bytesInOutput }]) => [path, bytesInOutput]));
  return { name, bytes: output.bytes, inputs };
}

/** Copies an installed package with the ones that it needs. Optional ones are those of this platform: the one that is shipped is Linux x64. */
function copyPackage(name: string, into: string, links: boolean): void {
  const from = join(root, 'node_modules', name);
  if (existsSync(join(into, name))) return;
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
  mkdirSync(dirname(join(into, name)), { recursive: true });
  if (links) symlinkSync(from, join(into, name));
  else cpSync(from, join(into, name), { recursive: true, filter: (path) => !/\.(d\.ts|map)$/.test(path) });
  for (const each of Object.keys({ ...dependencies, ...optionalDependencies })) {
    if (existsSync(join(root, 'node_modules', each))) copyPackage(each, into, links);
  }
}

if (import.meta.main) {
  const folder = process.argv[2] ?? defaultFolder;
  const bundles = await bundleFunctions(folder);
  for (const { name, bytes } of bundles) console.log(`${name.padEnd(10)} ${String(Math.round(bytes / 1000)).padStart(6)} kB`);
  console.log(`in ${relative(process.cwd(), folder) || '.'}`);
}
