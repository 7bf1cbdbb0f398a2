import { improve } from '../../core/improve.ts';
import { type Grade, levelWords } from '../../core/level.ts';
import { defineProcessor } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import { readTime } from '../../core/time.ts';
import manifest from './manifest.ts';

const head = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))? ?(Z|[+-]\d\d:?\d\d)?(?=[\s\]]|$)/;
/** How far behind the time a level may stand: a thread in brackets, a logger's name, dashes between. */
const levelWithin = 120;
const wordsBefore = 2;
const levelWord = /^[[(|<]*([A-Z]{3,9})[\])|>:,]*$/;

/** Takes time and level from the head of a line, where the sender gave none. */
export function parseAppLine(record: LogRecord): LogRecord {
  const { message } = record;
  const [whole, date, time, fraction, zone] = (message === undefined ? undefined : head.exec(message)) ?? [];
  if (message === undefined || whole === undefined) return record;
  const instant = readTime(`${date}T${time}${fraction ? `.${fraction}` : ''}${zone ?? 'Z'}`);
  if (!instant) return record;
  const grade = levelBehind(message.slice(whole.length, whole.length + levelWithin));
  const isTimeFree = record.timestamp === record.observed_timestamp;
  const isLevelFree = record.severity === 0 && grade !== undefined;
  return isTimeFree || isLevelFree ? improve(record, { timestamp: instant.us, grade, attributes: {} }) : record;
}

/** The level among the first words, written in capitals; what stands in brackets is one word. */
function levelBehind(text: string): Grade | undefined {
  let before = 0;
  for (const [word] of text.matchAll(/\[[^\]]*\]|\S+/g)) {
    const name = levelWord.exec(word)?.[1];
    const grade = name === undefined ? undefined : levelWords[name.toLowerCase()];
    if (grade) return grade;
    if (/\w/.test(word) && ++before > wordsBefore) return undefined;
  }
  return undefined;
}

export default defineProcessor(manifest, () => parseAppLine);
