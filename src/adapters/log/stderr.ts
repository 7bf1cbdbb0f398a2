import { type Clock, systemClock } from '../../core/clock.ts';
import { type Log, type LogFields, type LogLevel, logLevels } from '../../core/ports/log.ts';
import { jsonLine, prettyLine } from './lines.ts';

export type StderrLogOptions = {
  /** @default 'info' */
  level?: LogLevel;
  /** `auto` is `pretty` on a terminal. @default 'auto' */
  format?: 'json' | 'pretty' | 'auto';
  clock?: Clock;
  /** Takes whole lines, with their line end. @default standard error */
  write?: (text: string) => void;
};

/** Opens a log that writes a line each to standard error: JSON, or coloured text on a terminal. */
export function stderrLog({ level = 'info', format = 'auto', clock = systemClock, write = toStderr }: StderrLogOptions = {}): Log {
  const spell = format === 'pretty' || (format === 'auto' && process.stderr.isTTY) ? prettyLine : jsonLine;
  const least = logLevels.indexOf(level);
  const keeps = (of: LogLevel) => logLevels.indexOf(of) >= least;

  const open = (own: LogFields): Log => {
    const at = (of: LogLevel) => (fields: LogFields, message: string) => {
      if (keeps(of)) write(`${spell({ timeMs: clock.nowMs(), level: of, message, fields: { ...own, ...fields } })}\n`);
    };
    return {
      debug: at('debug'),
      info: at('info'),
      warn: at('warn'),
      error: at('error'),
      keeps,
      with: (fields) => open({ ...own, ...fields }),
    };
  };
  return open({});
}

const toStderr = (text: string): void => {
  // When the reader of a pipe has gone, lines go nowhere: the platform outlives whoever looked at its log.
  if (process.stderr.listenerCount('error') === 0) process.stderr.on('error', () => {});
  process.stderr.write(text);
};
