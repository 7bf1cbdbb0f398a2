import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { nodeFileSystem } from '../../src/adapters/file-system/node.ts';
import { type FileSystem, makeDirectories, readFile, writeFileDurably } from '../../src/core/ports/file-system.ts';
import { ModelFileSystem } from '../faults/model-file-system.ts';

const bytes = (text: string) => Buffer.from(text);
const text = async (files: FileSystem, path: string) => Buffer.from(await readFile(files, path)).toString();

/** The model must answer as the system does: what is proven on it holds only so far. */
describe.each<[string, () => FileSystem, () => Promise<string>]>([
  ['node', () => nodeFileSystem, () => mkdtemp(join(tmpdir(), 'logdrive-files-'))],
  ['the model of a crash', () => new ModelFileSystem(), async () => '/folder'],
])('FileSystem: %s', (name, openFiles, makeFolder) => {
  let files: FileSystem;
  let folder: string;
  beforeEach(async () => {
    files = openFiles();
    folder = await makeFolder();
    await makeDirectories(files, `${folder}/a/b`);
  });
  afterEach(async () => {
    if (name === 'node') await rm(folder, { recursive: true });
  });

  test('chunks are written behind one another at a position, and read up to the end', async () => {
    const file = await files.open(`${folder}/f`, 'create');
    await file.writev([bytes('one '), bytes(''), bytes('two '), bytes('three')], 2);
    await file.writev([], 0);
    await file.datasync();
    expect(await file.size()).toBe(15);
    const buffer = Buffer.alloc(20, '.');
    expect(await file.read(buffer, 6)).toBe(9);
    expect(buffer.toString()).toBe('two three...........');
    expect(await file.read(buffer, 15)).toBe(0);
    await file.truncate(5);
    await file.close();
    expect(await text(files, `${folder}/f`)).toBe('\0\0one');
  });

  test('a file is created once, and opened only where it is', async () => {
    await (await files.open(`${folder}/f`, 'create')).close();
    await expect(files.open(`${folder}/f`, 'create')).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(files.open(`${folder}/g`, 'read')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.open(`${folder}/g`, 'write')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.open(`${folder}/none/g`, 'create')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.unlink(`${folder}/g`)).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(files.list(`${folder}/none`)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('a rename replaces, an open file outlives its name', async () => {
    await writeFileDurably(files, `${folder}/old`, [bytes('old')]);
    const open = await files.open(`${folder}/old`, 'read');
    await writeFileDurably(files, `${folder}/old`, [bytes('new '), bytes('one')]);
    expect(await text(files, `${folder}/old`)).toBe('new one');
    const buffer = Buffer.alloc(3);
    await open.read(buffer, 0);
    await open.close();
    expect(buffer.toString()).toBe('old');
    expect((await files.list(folder)).filter((name) => name !== 'a' && name !== 'b')).toEqual(['old']);
  });

  test('a file that a dead process left half written is in nobody`s way', async () => {
    await (await files.open(`${folder}/f.new`, 'create')).close();
    await writeFileDurably(files, `${folder}/f`, [bytes('whole')]);
    expect(await text(files, `${folder}/f`)).toBe('whole');
  });

  test('directories are made once, and stat tells what is there', async () => {
    await files.makeDirectory(`${folder}/a`);
    await expect(files.makeDirectory(`${folder}/none/a`)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await files.stat(`${folder}/a/b`)).toBeDefined();
    expect(await files.stat(`${folder}/c`)).toBeUndefined();
    await writeFileDurably(files, `${folder}/a/f`, [bytes('12345')]);
    expect(await files.stat(`${folder}/a/f`)).toMatchObject({ bytes: 5 });
    expect(await files.freeBytes(folder)).toBeGreaterThan(0);
  });
});
