/** How loud a line is. A log keeps the lines of its own level and of those after it. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What varies from line to line, by the vocabulary's names where there is one (`tenant`, `request_id`, `trace_id`); an `error` is any thrown value. */
export type LogFields = Record<string, unknown>;

/** The platform's own log: a line is fields and a fixed phrase. Never throws, never waits. */
export interface Log {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
  /** Whether lines of the level are kept: saves building costly fields. */
  keeps(level: LogLevel): boolean;
  /** A log whose every line carries these fields too. */
  with(fields: LogFields): Log;
}

const nothing = () => {};

/** Keeps no line. */
export const silentLog: Log = { debug: nothing, info: nothing, warn: nothing, error: nothing, keeps: () => false, with: () => silentLog };
