import { normalise } from '../core/normalise.ts';
import type { LogRecord, StoredRecord } from '../core/record.ts';
import { durationText } from '../query/ast/time.ts';
import { compileRules } from './evaluate/compile.ts';
import { emptyPage } from './evaluate/page.ts';
import { fillBooks } from './evaluate/run-windows.ts';
import { WindowStepper } from './evaluate/step-window.ts';
import { refuseRule } from './rule/refuse.ts';
import type { Rule, RuleTest, TestExpectation } from './rule/rule.ts';
import { ruleSignals } from './rule/rule.ts';
import { MemoryWindowSource } from './windows/memory-window-source.ts';

export type TestFailure = { test: string; at: string; expected: string; got: string };

/** Tests begin at this time, which says nothing. */
const startUs = Date.parse('2026-01-01T00:00:00Z') * 1e3;
const tenant = 'test';

/** Runs a rule's inline tests with the evaluator that runs in production; `others` are the rules that it may ask for. Tells what is not as expected. */
export async function runTests(rule: Rule, tests: readonly RuleTest[], others: readonly Rule[] = []): Promise<TestFailure[]> {
  const failures: TestFailure[] = [];
  for (const [index, test] of tests.entries()) failures.push(...(await runTest(rule, test, index, others)));
  return failures;
}

async function runTest(rule: Rule, test: RuleTest, index: number, others: readonly Rule[]): Promise<TestFailure[]> {
  const source = new MemoryWindowSource();
  for (const [i, { atUs, count, everyUs, record }] of test.given.entries()) {
    for (let n = 0; n < count; n++) {
      const stored = recordOf(record, startUs + atUs + n * everyUs, `tests[${index}].given[${i}].record`);
      for (const signal of ruleSignals) source.add(signal, stored);
    }
  }
  const kept = [rule, ...others.filter(({ name }) => name !== rule.name)].map((item) => ({
    rule: item,
    version: 1,
    sinceUs: 0,
    isRetired: false,
  }));
  const compiled = compileRules(tenant, kept, startUs);
  const stepper = new WindowStepper();
  const page = emptyPage('', startUs);
  const failures: TestFailure[] = [];
  const lastUs = startUs + Math.max(...test.expect.map(({ atUs }) => atUs));
  const due = test.expect.toSorted((a, b) => a.atUs - b.atUs);
  for (let atUs = startUs; atUs <= lastUs + source.slotUs; atUs += source.slotUs) {
    while (due[0] && startUs + due[0].atUs < atUs) {
      const failure = compared(rule, test.name, due.shift()!, page, stepper, compiled);
      if (failure) failures.push(failure);
    }
    if (atUs === startUs) continue;
    await fillBooks(source, compiled, atUs - source.slotUs, atUs);
    stepper.step(page, compiled.rules, atUs);
  }
  return failures;
}

/** What a moment is after the last window that ends at or before it. */
function compared(
  rule: Rule,
  test: string,
  { atUs, state, labels }: TestExpectation,
  page: ReturnType<typeof emptyPage>,
  stepper: WindowStepper,
  { rules }: ReturnType<typeof compileRules>,
): TestFailure | undefined {
  const compiled = rules.find((item) => item.rule.name === rule.name)!;
  const alerts = [...(page.alerts.get(rule.name)?.values() ?? [])].map((entry) => ({
    state: entry.state,
    labels: stepper.labelsOf(compiled, entry.group),
  }));
  const matching = alerts.filter((alert) => Object.entries(labels ?? {}).every(([name, value]) => alert.labels[name] === value));
  const isMet = state === 'inactive' ? matching.length === 0 : matching.some((alert) => alert.state === state);
  if (isMet) return undefined;
  const got = alerts.length === 0 ? 'inactive' : alerts.map((alert) => textOf(alert.state, alert.labels)).join(', ');
  return { test, at: atUs === 0 ? '0s' : durationText(atUs), expected: textOf(state, labels ?? {}), got };
}

const textOf = (state: string, labels: Record<string, string>): string =>
  Object.keys(labels).length === 0 ? state : `${state} ${JSON.stringify(labels)}`;

function recordOf(raw: Record<string, unknown>, atUs: number, path: string): StoredRecord {
  const made = normalise(structuredClone(raw), { tenant, observedUs: atUs, defaults: {}, hash: () => '0'.repeat(32) });
  if (!('level' in made)) return refuseRule(path, (made as { detail?: string }).detail ?? 'it is no record');
  const record: LogRecord = { ...made, timestamp: atUs, observed_timestamp: atUs };
  return { ...record, tenant, id: '', generation: 1, partition: 0, offset: 0 };
}

/** Runs a rule's own tests. @throws AppError INVALID_RULE with what was expected and what came */
export async function refuseFailing(rule: Rule, others: readonly Rule[]): Promise<void> {
  const [first, ...more] = await runTests(rule, rule.tests, others);
  if (!first) return;
  const rest = more.length > 0 ? ` (and ${more.length} more)` : '';
  refuseRule('tests', `"${first.test}" fails at ${first.at}: expected ${first.expected}, got ${first.got}${rest}`, 'TEST_FAILED');
}
