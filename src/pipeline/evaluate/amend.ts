import type { CompiledRule, CompiledRules } from '../../alerts/evaluate/compile.ts';
import { reachOf } from '../../alerts/evaluate/compile.ts';
import { rereadSlots } from '../../alerts/evaluate/run-windows.ts';
import type { WindowStepper } from '../../alerts/evaluate/step-window.ts';
import type { WindowSource } from '../../alerts/windows/window-source.ts';
import type { Amendment } from './page-store.ts';

/**
 * Reads slots anew that late records came into, and tells which of the windows that were evaluated would have been decided otherwise: of each rule,
 * the last that holds the newest of these slots. Windows to come see the late records anyway.
 */
export async function amendSlots(
  source: WindowSource,
  compiled: CompiledRules,
  stepper: WindowStepper,
  slots: readonly number[],
  evaluatedUs: number,
  noticedUs: number,
): Promise<Amendment[]> {
  const newest = Math.max(...slots);
  const looked = compiled.rules.flatMap((rule) => {
    if (rule.isRetired || rule.home !== undefined) return [];
    const atUs = Math.min(evaluatedUs, newest + Math.max(source.slotUs, Math.floor(reachOf(rule.rule) / source.slotUs) * source.slotUs));
    return atUs > newest && rule.sinceUs < atUs ? [{ rule, atUs, before: stepper.heldAt(rule, atUs) }] : [];
  });
  await rereadSlots(source, compiled, slots);
  const found = looked.flatMap(({ rule, atUs, before }) => differences(rule, atUs, before, stepper, noticedUs));
  stepper.forget();
  return found;
}

function differences(
  rule: CompiledRule,
  atUs: number,
  before: ReadonlyMap<string, number | null>,
  stepper: WindowStepper,
  noticedUs: number,
): Amendment[] {
  const after = stepper.heldAt(rule, atUs);
  const groups = [...new Set([...before.keys(), ...after.keys()])].filter((group) => before.has(group) !== after.has(group));
  return groups.map((group) => ({
    rule: rule.rule.name,
    labels: stepper.labelsOf(rule, group),
    atUs,
    was: { holds: before.has(group), value: before.get(group) ?? null },
    is: { holds: after.has(group), value: after.get(group) ?? null },
    noticedUs,
  }));
}
