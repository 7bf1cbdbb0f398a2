import { setAttribute } from '../../core/attributes.ts';
import { fieldReader } from '../../core/condition.ts';
import { fold } from '../../core/fold.ts';
import { defineProcessor, type Step } from '../../core/processor.ts';
import type { Attributes } from '../../core/record.ts';
import { maxPatternText } from '../../core/safe-pattern.ts';
import { compileGrok, type Grok } from './compile.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, ({ pattern, field, definitions }): Step => {
  const groks = [pattern].flat().map((source) => compileGrok(source, definitions));
  const read = fieldReader(field);
  return (record, { tenant }) => {
    const text = read(record, tenant);
    if (typeof text !== 'string' || text.length > maxPatternText) return record;
    const captured = firstMatch(groks, text);
    const folded = captured && fold(record, captured);
    if (!folded) return record;
    if (captured.message !== undefined) folded.record.message = folded.message;
    return folded.record;
  };
});

function firstMatch(groks: Grok[], text: string): Attributes | undefined {
  for (const { pattern, captures } of groks) {
    const groups = pattern.exec(text)?.groups;
    if (!groups) continue;
    const found: Attributes = {};
    for (const { group, field, convert } of captures) {
      const value = groups[group];
      if (value !== undefined) setAttribute(found, field, convert(value));
    }
    return found;
  }
  return undefined;
}
