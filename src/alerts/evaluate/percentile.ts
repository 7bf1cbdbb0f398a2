/** The percentile of values with how often each occurs, by linear interpolation between closest ranks; as the query language computes it. */
export function percentileOfCounts(counts: ReadonlyMap<number, number>, percent: number): number | null {
  let total = 0;
  for (const times of counts.values()) total += times;
  if (total === 0) return null;
  const sorted = [...counts].sort(([a], [b]) => a - b);
  const rank = (percent / 100) * (total - 1);
  const below = atRank(sorted, Math.floor(rank));
  return below + (atRank(sorted, Math.ceil(rank)) - below) * (rank - Math.floor(rank));
}

function atRank(sorted: readonly (readonly [number, number])[], rank: number): number {
  let passed = 0;
  for (const [value, times] of sorted) {
    passed += times;
    if (rank < passed) return value;
  }
  return sorted.at(-1)![0];
}
