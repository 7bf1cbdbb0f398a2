import type { Steps } from './steps.ts';

const runLength = 2048;
const stepLength = 8192;

/** Sorts into a new array, stably, and yields after each few milliseconds of work. */
export function* sortInSteps<T>(items: readonly T[], compare: (a: T, b: T) => number): Steps<T[]> {
  let sorted: T[] = [];
  for (let from = 0; from < items.length; from += runLength) {
    for (const item of items.slice(from, from + runLength).sort(compare)) sorted.push(item);
    if (items.length > runLength) yield;
  }
  for (let length = runLength; length < items.length; length *= 2) {
    const merged: T[] = [];
    for (let from = 0; from < items.length; from += length * 2) yield* mergeRuns(sorted, from, length, compare, merged);
    sorted = merged;
  }
  return sorted;
}

/** Merges two neighbouring runs, the second of which may be short or empty. */
function* mergeRuns<T>(items: readonly T[], from: number, length: number, compare: (a: T, b: T) => number, out: T[]): Steps<void> {
  const middle = Math.min(from + length, items.length);
  const end = Math.min(middle + length, items.length);
  let left = from;
  let right = middle;
  while (left < middle || right < end) {
    const takesLeft = right === end || (left < middle && compare(items[left]!, items[right]!) <= 0);
    out.push(takesLeft ? items[left++]! : items[right++]!);
    if (out.length % stepLength === 0) yield;
  }
}
