import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listSettings } from '../../src/config/leaves.ts';
import { errorTable } from '../../src/core/errors.ts';
import { routes } from '../../src/http/routes/index.ts';
import { parseQuery } from '../../src/query/ast/query-json.ts';
import { parseEdn } from '../../src/query/parse/edn.ts';
import { parseLine } from '../../src/query/parse/line.ts';
import { parseFilter } from '../../src/query/parse/text.ts';
import { anchorsOf, projectFiles, relativeLinks, root, textOf } from './documents.ts';
import { runHost } from './run-host.ts';

const files = projectFiles();
const documents = files.filter((file) => file.endsWith('.md'));

/** What a link of a document misses: a file, or a heading in it. */
function missing(file: string, { path, anchor }: { path: string; anchor: string | undefined }): string | undefined {
  const target = path === '' ? file : normalize(join(dirname(file), path));
  if (!existsSync(join(root, target))) return `${file}: there is no ${target}`;
  if (anchor === undefined || !target.endsWith('.md') || anchorsOf(textOf(target)).has(anchor)) return undefined;
  return `${file}: ${target} has no heading #${anchor}`;
}

describe('the documents', () => {
  it('link to files and headings that are there', () => {
    expect(documents.length).toBeGreaterThan(15);
    expect(documents.flatMap((file) => relativeLinks(textOf(file)).flatMap((link) => missing(file, link) ?? []))).toEqual([]);
  });

  it.each(['nowhere.md', '../README.md#no-such-heading', '#no-such-heading'])('are seen to link to %s, which is not there', (target) => {
    const links = relativeLinks(`[planted](${target}) and \`[code](is-none.md)\``);
    expect(links.flatMap((link) => missing('docs/README.md', link) ?? [])).toHaveLength(1);
  });

  it('name files and folders of the project that are there', () => {
    const named = documents.flatMap((file) => {
      const paths = textOf(file).matchAll(
        /`(?:node |bash |python3 |npx node )?((?:src|test|scripts|bench|examples|docs|bin)\/[\w./-]*\w\/?)(?: [^`]*)?`/g,
      );
      return [...paths].map(([, path = '']) => ({ file, path }));
    });
    expect(named.length).toBeGreaterThan(25);
    expect(named.filter(({ path }) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('leave no blank to be filled in', () => {
    const blanks = documents.flatMap((file) => {
      const prose = textOf(file).replace(/```[\s\S]*?```/g, '');
      return [...prose.matchAll(/^(?:[A-Z][A-Z_]{3,}|.*\b(?:TODO|TBD|FIXME|XXX)\b.*)$/gm)].map(([line]) => `${file}: ${line}`);
    });
    expect(blanks).toEqual([]);
  });

  it('are all named in their index', () => {
    const index = relativeLinks(textOf('docs/README.md')).map(({ path }) => normalize(join('docs', path)));
    const pages = documents.filter((file) => /^docs\/([^/]+|reference\/[^/]+)\.md$/.test(file) && file !== 'docs/README.md');
    expect(pages.filter((file) => !index.includes(file))).toEqual([]);
  });

  it('name every error code', () => {
    const page = textOf('docs/reference/errors.md');
    expect(Object.keys(errorTable).filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });

  it('name every setting, its variable and its default', () => {
    const page = textOf('docs/reference/config.md');
    const { leaves, groups } = listSettings();
    const rows = leaves.map(({ path, env }) => new RegExp(`^\\| \`${path.at(-1)}\` \\|.*\`${env}\``, 'm'));
    expect(rows.filter((row) => !row.test(page))).toEqual([]);
    expect(groups.map(({ path }) => `## \`${path.join('.')}\``).filter((heading) => !page.includes(heading))).toEqual([]);
  });

  it('name no command, option or setting that is not there', () => {
    const reference = textOf('docs/reference/cli.md');
    const called = documents
      .filter((file) => !file.startsWith('docs/reference/'))
      .flatMap((file) => [...textOf(file).matchAll(/npx logdrive ([a-z]+)([^\n`|]*)/g)]);
    const commands = new Set([...reference.matchAll(/^## (\w+)$/gm)].map(([, name]) => name));
    expect(called.length).toBeGreaterThan(20);
    expect(called.map(([, name]) => name).filter((name) => !commands.has(name))).toEqual([]);
    const optionsOf = (name: string) => reference.split(`\n## ${name}\n`)[1]?.split('\n## ')[0] ?? '';
    const unknown = called.flatMap(([line, name = '', rest = '']) =>
      [...rest.matchAll(/ (--[a-z-]+)/g)].filter(([, option]) => !optionsOf(name).includes(`${option}`)).map(() => line),
    );
    expect(unknown).toEqual([]);
  });

  it('name no path of the API that is not there', () => {
    const known = new Set(routes.flatMap(({ method, path, aliases = [] }) => [path, ...aliases].map((one) => `${method} ${one}`)));
    const pages = documents.filter((file) => /^docs\/[^/]+\.md$|^README/.test(file));
    const named = pages.flatMap((file) =>
      [
        ...textOf(file)
          .replace(/```text[\s\S]*?```/g, '')
          .matchAll(/\b(GET|POST|PUT|DELETE) (\/[a-zA-Z0-9./{}_-]*)/g),
      ].map(([, method, path]) => `${method} ${path}`),
    );
    expect(named.length).toBeGreaterThan(30);
    expect([...new Set(named)].filter((call) => !known.has(call))).toEqual([]);
  });

  it('explain every metric that a host has', async () => {
    const host = await runHost();
    onTestFinished(() => host.stop());
    const help = await (await fetch(`${host.url}/metrics`)).text();
    const names = [...help.matchAll(/^# HELP (\S+)/gm)].map(([, name = '']) => name);
    expect(names.length).toBeGreaterThan(20);
    const rows = new Set([...textOf('docs/operations.md').matchAll(/^\| `(logdrive_\w+)` \|/gm)].map(([, name]) => name));
    expect(names.filter((name) => !rows.has(name))).toEqual([]);
    expect([...rows].filter((name) => !names.includes(name!))).toEqual([]);
  });

  it('show queries that can be read', () => {
    const page = textOf('docs/querying.md');
    const text = page.split('## Text')[1]!.split('## JSON')[0]!;
    const [filters = '', stages = ''] = text.split('| stage | does |');
    const codesIn = (table: string) =>
      [...table.matchAll(/^\| (.+?) \| .+ \|$/gm)]
        .flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, line = '']) => line))
        .filter((line) => !/^\W+$/.test(line));
    const lines = codesIn(filters).filter((line) => !line.includes('…'));
    expect(lines.length).toBeGreaterThan(12);
    // What names another signal is a query of the bar, not a filter of the logs.
    for (const line of lines) expect(() => (line.startsWith('from:') ? parseLine(line) : parseFilter(line)), line).not.toThrow();
    const shown = [...text.matchAll(/^ {4}(\S.*[|].*)$/gm)]
      .map(([, line = '']) => line)
      .filter((line) => !/ = |^\|/.test(line.slice(0, 20)));
    const behindPipes = codesIn(stages).map((stage) => {
      if (stage.startsWith('…')) return `| count()${stage.slice(1)}`;
      if (/^fields|^limit/.test(stage)) return `| ${stage}`;
      if (stage.startsWith('top')) return `| count() as n by service, level | sort n desc | ${stage}`;
      return /^having|^sort/.test(stage) ? `| count() as n by service | ${stage}` : `| ${stage}`;
    });
    expect(behindPipes.length).toBeGreaterThan(10);
    for (const line of [...shown.filter((line) => !/^\w+ {2,}=|^\|/.test(line)), ...behindPipes])
      expect(() => parseLine(line), line).not.toThrow();
    const edn = page.split('## EDN\n')[1]!.match(/^ {4}(.+)$/m)![1]!;
    expect(() => parseQuery(parseEdn(edn))).not.toThrow();
    const json = page.split('## JSON\n\n')[1]!.split('\n\n')[0]!;
    expect(() => parseQuery(JSON.parse(json))).not.toThrow();
  });
});

describe('the files of the project', () => {
  const text = files.filter(
    (file) => !/\.(body|gz|png|ico)$/.test(file) && file !== 'test/docs/docs.test.ts' && existsSync(join(root, file)),
  );

  it('name no place of the machine they were written on', () => {
    const found = text.filter((file) => /\/(work|root|home\/[a-z]+)\/(?!\.\.\.)/.test(textOf(file)));
    expect(found).toEqual([]);
  });

  it('come from no other registry than the public one', () => {
    const hosts = [...textOf('package-lock.json').matchAll(/"resolved": "https?:\/\/([^/]+)/g)].map(([, host]) => host);
    expect(hosts.filter((host) => host !== 'registry.npmjs.org')).toEqual([]);
    expect(files.filter((file) => /(^|\/)\.npmrc$/.test(file))).toEqual([]);
  });
});
