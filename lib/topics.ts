import type { StageSettings } from './stages.ts';

/** The topics of a stage, without its prefix. */
export const topicsOf = ({ stream }: Pick<StageSettings, 'stream'>): string[] => [
  'logs.raw',
  ...(stream.door ? ['logs.in'] : []),
  ...(stream.parsed ? ['logs.parsed'] : []),
];
