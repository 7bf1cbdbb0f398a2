import type { WarmQuery } from '../../query/ports/warm-query.ts';

/**
 * Asks another engine where the files of a query are more than so many bytes, and the near one for the rest and for what the other cannot say. What fails in
 * the other is not tried here: it would only end later.
 */
export function sizedWarmQuery(near: WarmQuery, { large, aboveBytes }: { large: WarmQuery; aboveBytes: number }): WarmQuery {
  return {
    async aggregate(files, plan) {
      const bytes = files.reduce((total, file) => total + file.bytes, 0);
      return (bytes > aboveBytes ? await large.aggregate(files, plan) : undefined) ?? near.aggregate(files, plan);
    },
    counts() {
      const [a, b] = [near.counts(), large.counts()];
      return Object.fromEntries(Object.entries(a).map(([name, count]) => [name, count + b[name as keyof typeof b]])) as typeof a;
    },
    async close() {
      await Promise.all([near.close(), large.close()]);
    },
  };
}
