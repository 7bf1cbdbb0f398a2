import type { Run } from '../command.ts';
import { harmless, number, type Style, span } from '../style.ts';
import type { Backtest, Transition } from './types.ts';

const maxShown = 200;

/** Shows what a rule would have done: each transition, then what it comes to. */
export function showBacktest({ io, style }: Run, name: string, result: Backtest): void {
  for (const transition of result.transitions.slice(0, maxShown)) io.out(`${line(transition, style)}\n`);
  if (result.transitions.length > maxShown)
    io.out(style.dim(`and ${number(result.transitions.length - maxShown)} more; --json lists them all\n`));
  const days = (Date.parse(result.to) - Date.parse(result.from)) / 1_000;
  const speed = days / Math.max(0.001, result.took_ms / 1_000);
  io.out(
    `${style.bold(harmless(name))} would have fired ${number(result.episodes)} times and sent ${number(result.notifications)} notifications in ${span(days)}\n`,
  );
  io.out(style.dim(`${number(result.windows)} windows in ${span(result.took_ms / 1_000)}, ${number(Math.round(speed))} times real time\n`));
  if (result.against && result.difference) showDifference(result, style, io.out);
}

function showDifference({ against, difference }: Backtest, style: Style, out: (text: string) => void): void {
  const { version, episodes, notifications } = against!;
  out(`\nversion ${version} would have fired ${number(episodes)} times and sent ${number(notifications)} notifications\n`);
  const marked = [
    ...difference!.only_here.map((item) => ({ item, mark: style.green('+') })),
    ...difference!.only_there.map((item) => ({ item, mark: style.red('-') })),
  ].sort((a, b) => (a.item.at < b.item.at ? -1 : 1));
  if (marked.length === 0) out('both do the same\n');
  for (const { item, mark } of marked.slice(0, maxShown)) out(`${mark} ${line(item, style)}\n`);
}

function line({ at, labels, from, to, value, reason }: Transition, style: Style): string {
  const colour = { firing: style.red, resolved: style.green, pending: style.yellow }[to as 'firing'] ?? style.dim;
  const name = Object.entries(labels)
    .map(([key, text]) => `${key}=${harmless(text)}`)
    .join(' ');
  const shown = value === null ? '' : ` ${number(value)}`;
  return `${at.slice(0, 19).replace('T', ' ')}  ${from} → ${colour(to)}${shown}${name ? `  ${name}` : ''}  ${style.dim(harmless(reason))}`;
}
