import { AppError } from '../core/errors.ts';

/**
 * Picks the offered media type that an Accept header likes best (RFC 9110, 12.5.1); the first offered one among equals and without a header.
 * @throws AppError NOT_ACCEPTABLE
 */
export function negotiate(accept: string | undefined, offered: readonly string[]): string {
  if (accept === undefined || accept.trim() === '') return offered[0]!;
  const ranges = accept.split(',').map(readRange);
  let best: string | undefined;
  let bestQuality = 0;
  for (const type of offered) {
    const quality = qualityOf(type, ranges);
    if (quality <= bestQuality) continue;
    best = type;
    bestQuality = quality;
  }
  if (best === undefined)
    throw new AppError('NOT_ACCEPTABLE', `this call answers ${offered.join(', ')}; ask for one of them in the accept header`);
  return best;
}

type Range = { type: string; quality: number };

function readRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase());
  const quality = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1);
  return { type, quality: quality >= 0 && quality <= 1 ? quality : 1 };
}

/** The most specific range decides. */
function qualityOf(type: string, ranges: Range[]): number {
  const main = type.split('/')[0];
  for (const pattern of [type, `${main}/*`, '*/*']) {
    const range = ranges.find((candidate) => candidate.type === pattern);
    if (range) return range.quality;
  }
  return 0;
}
