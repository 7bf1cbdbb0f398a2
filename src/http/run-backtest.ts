import type * as z from 'zod';
import { countNotifications } from '../alerts/routing/count-notifications.ts';
import { compileRouting, type Routing } from '../alerts/routing/routing.ts';
import { AppError } from '../core/errors.ts';
import { formatTime, readTime } from '../core/time.ts';
import type { Platform } from '../pipeline/platform.ts';
import type { AlertRules, BacktestOrder } from '../pipeline/rules/alert-rules.ts';
import type { BacktestResult } from '../pipeline/rules/backtest.ts';
import { durationLiteral } from '../query/ast/time.ts';
import type { ProgressSink } from './backtest-stream.ts';
import { ruleWithin } from './rule-body.ts';
import { backtestJson } from './rule-json.ts';
import type { backtestBody } from './schemas/rules.ts';

export type BacktestInput = z.output<typeof backtestBody>;

const defaultLastUs = 24 * 3_600e6;
const maxRangeUs = 366 * 24 * 3_600e6;

/** Runs the backtest that a body asks for, and the one it is compared with. @throws AppError INVALID_PARAMETER, INVALID_RULE, NOT_FOUND */
export async function answerBacktest(
  { rules, routing }: { rules: AlertRules; routing: Routing },
  { tenant, name, input, nowUs }: { tenant: string; name: string; input: BacktestInput; nowUs: number },
  progress: ProgressSink,
  gone?: AbortSignal,
): Promise<Record<string, unknown>> {
  const { fromUs, toUs } = rangeOf(input, nowUs);
  const startedMs = performance.now();
  const { rule, version, against } = input;
  const which = rule === undefined ? { name, ...(version === undefined ? {} : { version }) } : { source: ruleWithin(rule) };
  // Two backtests are one progress: each is a half of it.
  const halves = against === undefined ? 1 : 2;
  const run = (order: Omit<BacktestOrder, 'fromUs' | 'toUs'>, half: number) =>
    rules.backtest(
      tenant,
      { ...order, fromUs, toUs },
      (part) => progress({ ...part, doneUs: part.fromUs + ((part.toUs - part.fromUs) * half + (part.doneUs - part.fromUs)) / halves }),
      gone,
    );
  const here = await run(which, 0);
  const there = against === undefined ? undefined : await run({ name, version: against }, 1);
  const spelt = (result: BacktestResult) => backtestJson(result, countNotifications(result.transitions, routing, toUs));
  const answer = spelt(here);
  return {
    ...answer,
    from: formatTime(fromUs),
    to: formatTime(toUs),
    took_ms: Math.round(performance.now() - startedMs),
    ...(there && against !== undefined ? compared(answer, { version: against, ...spelt(there) }) : {}),
  };
}

/** The routing of a tenant as it is now: what a backtest counts notifications by. */
export async function routingOf(platform: Platform, tenant: string): Promise<Routing> {
  const api = await platform.notify();
  const [{ routing }, channels] = await Promise.all([api.routing(tenant), api.channels(tenant)]);
  return compileRouting(
    routing,
    channels.map(({ name }) => name),
  );
}

type Spelt = ReturnType<typeof backtestJson>;

function compared(here: Spelt, there: Spelt & { version: number }) {
  const nameOf = ({ at, labels, from, to }: Spelt['transitions'][number]) => JSON.stringify([at, labels, from, to]);
  const inHere = new Set(here.transitions.map(nameOf));
  const inThere = new Set(there.transitions.map(nameOf));
  return {
    against: there,
    difference: {
      only_here: here.transitions.filter((item) => !inThere.has(nameOf(item))),
      only_there: there.transitions.filter((item) => !inHere.has(nameOf(item))),
    },
  };
}

function rangeOf({ from, to, last }: BacktestInput, nowUs: number): { fromUs: number; toUs: number } {
  if (from !== undefined && last !== undefined)
    throw new AppError('INVALID_PARAMETER', 'last: from says already when to begin; give one of the two');
  const toUs = Math.min(nowUs, to === undefined ? nowUs : timeOf(to, 'to', nowUs));
  const lastUs = last === undefined ? defaultLastUs : durationLiteral(last);
  if (lastUs === undefined)
    throw new AppError('INVALID_PARAMETER', `last: "${last?.slice(0, 40)}" is no length of time; give one like "30d"`);
  const fromUs = from === undefined ? toUs - lastUs : timeOf(from, 'from', nowUs);
  if (fromUs >= toUs) throw new AppError('INVALID_PARAMETER', 'from: it is not before to');
  if (toUs - fromUs > maxRangeUs) throw new AppError('INVALID_PARAMETER', 'from: a backtest is over 366 days at most');
  return { fromUs: Math.max(0, fromUs), toUs };
}

/** A time, or so long before now: `-30d`. */
function timeOf(text: string, path: string, nowUs: number): number {
  const before = text.startsWith('-') ? durationLiteral(text.slice(1)) : undefined;
  const us = before === undefined ? readTime(text)?.us : nowUs - before;
  if (us === undefined)
    throw new AppError('INVALID_PARAMETER', `${path}: "${text.slice(0, 40)}" is not a time; give RFC 3339, epoch, or "-30d"`);
  return us;
}
