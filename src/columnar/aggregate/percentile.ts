/**
 * The percentile by linear interpolation between closest ranks, in linear time; reorders the values. There must be one at least, and none is NaN.
 */
export function percentileOf(values: Float64Array, percent: number): number {
  const rank = (percent / 100) * (values.length - 1);
  const index = Math.floor(rank);
  const below = select(values, index);
  if (index === rank) return below;
  let above = Number.POSITIVE_INFINITY;
  for (let i = index + 1; i < values.length; i++) if (values[i]! < above) above = values[i]!;
  return below + (above - below) * (rank - index);
}

/** Puts the k-th smallest value at k, smaller ones before it, larger ones behind (Hoare's quickselect, median of three). */
function select(values: Float64Array, k: number): number {
  let low = 0;
  let high = values.length - 1;
  while (low < high) {
    const pivot = median(values[low]!, values[(low + high) >> 1]!, values[high]!);
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i]! < pivot) i++;
      while (values[j]! > pivot) j--;
      if (i > j) break;
      const swapped = values[i]!;
      values[i++] = values[j]!;
      values[j--] = swapped;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k]!;
}

const median = (a: number, b: number, c: number): number => (a < b ? (b < c ? b : a < c ? c : a) : a < c ? a : b < c ? c : b);
