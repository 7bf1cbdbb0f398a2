import { isOneOf } from '../../query/ast/json.ts';
import { lengthOf, objectOf, refuseRule, textMapOf } from './refuse.ts';
import type { RuleTest, TestExpectation } from './rule.ts';

const states = ['inactive', 'pending', 'firing'] as const;
const maxTests = 50;
const maxRecords = 10_000;
const maxUs = 24 * 3_600e6;

/** Reads inline tests: `{ "name", "given": [{ "at": "0s", "count": 60, "every": "1s", "record": {…} }], "expect": [{ "at": "2m", "state": "firing" }] }`. */
export function parseTests(json: unknown, path: string): RuleTest[] {
  if (json === undefined || json === null) return [];
  if (!Array.isArray(json) || json.length > maxTests) return refuseRule(path, `tests are a list of ${maxTests} at most`);
  return json.map((test, i) => parseTest(test, `${path}[${i}]`, i));
}

function parseTest(json: unknown, path: string, index: number): RuleTest {
  const { name = `test ${index + 1}`, given = [], expect } = objectOf(json, path, ['name', 'given', 'expect']);
  if (typeof name !== 'string') refuseRule(`${path}.name`, 'a text is needed here');
  if (!Array.isArray(given)) refuseRule(`${path}.given`, 'the records are a list');
  const records = given.map((item, i) => parseGiven(item, `${path}.given[${i}]`));
  if (records.reduce((sum, { count }) => sum + count, 0) > maxRecords) refuseRule(`${path}.given`, `${maxRecords} records at most`);
  const moments = Array.isArray(expect) ? expect : expect === undefined ? [] : [expect];
  if (moments.length === 0) refuseRule(`${path}.expect`, 'say what must be so and when, like { "at": "2m", "state": "firing" }');
  return { name, given: records, expect: moments.map((item, i) => parseExpectation(item, `${path}.expect[${i}]`)) };
}

function parseGiven(json: unknown, path: string): RuleTest['given'][number] {
  const { at = 0, count = 1, every, record } = objectOf(json, path, ['at', 'count', 'every', 'record']);
  if (!Number.isInteger(count) || (count as number) < 1) refuseRule(`${path}.count`, 'a whole number of at least 1 is needed here');
  return {
    atUs: withinDay(at, `${path}.at`) ?? 0,
    count: count as number,
    everyUs: withinDay(every, `${path}.every`) ?? 0,
    record: objectOf(record, `${path}.record`),
  };
}

function withinDay(json: unknown, path: string): number | undefined {
  const us = lengthOf(json, path);
  return us === undefined || us <= maxUs ? us : refuseRule(path, 'a test lasts 24h at most');
}

function parseExpectation(json: unknown, path: string): TestExpectation {
  const { at, state, labels } = objectOf(json, path, ['at', 'state', 'labels']);
  const atUs = withinDay(at, `${path}.at`);
  if (atUs === undefined) refuseRule(`${path}.at`, 'say when, as the time since the test\'s start, like "2m"');
  if (!isOneOf(states, state)) refuseRule(`${path}.state`, `one of ${states.join(', ')} is needed here`);
  return { atUs, state, labels: labels === undefined ? undefined : textMapOf(labels, `${path}.labels`) };
}
