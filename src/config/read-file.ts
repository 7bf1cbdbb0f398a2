import { existsSync, readFileSync } from 'node:fs';
import { LineCounter, parseDocument } from 'yaml';
import { AppError } from '../core/errors.ts';

export type ConfigFile = {
  name: string;
  values: Record<string, unknown>;
  /** The line where a setting, or the nearest thing around it, is written. */
  lineOf(path: readonly PropertyKey[]): number | undefined;
};

/**
 * Reads a YAML file of settings; `undefined` where there is none and none was asked for by name.
 * @throws AppError INVALID_CONFIG with the line
 */
export function readConfigFile(file: string, name: string, isRequired: boolean): ConfigFile | undefined {
  if (!existsSync(file)) {
    if (isRequired) throw new AppError('INVALID_CONFIG', `${name}: there is no such file`);
    return undefined;
  }
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false });
  const [fault] = document.errors;
  if (fault) throw new AppError('INVALID_CONFIG', `${name}:${lines.linePos(fault.pos[0]).line}: ${fault.message}`);
  const values: unknown = document.toJS() ?? {};
  if (typeof values !== 'object' || Array.isArray(values)) throw new AppError('INVALID_CONFIG', `${name}: expected settings by name`);
  return {
    name,
    values: values as Record<string, unknown>,
    lineOf: (path) => {
      for (let length = path.length; length > 0; length--) {
        const range = rangeOf(document, path.slice(0, length));
        if (range !== undefined) return lines.linePos(range).line;
      }
      return undefined;
    },
  };
}

/** Where the pair of a path begins: its key, so that the line is right for nested values too. */
function rangeOf(document: ReturnType<typeof parseDocument>, path: readonly PropertyKey[]): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  const items = (parent as { items?: unknown[] } | null | undefined)?.items ?? [];
  const last = path.at(-1);
  for (const [index, item] of items.entries()) {
    const { key, range } = item as { key?: { value?: unknown; range?: number[] }; range?: number[] };
    if (key ? String(key.value) === String(last) : index === last) return (key ?? { range }).range?.[0];
  }
  return undefined;
}
