// A backtest of 30 days and a million records beside the live evaluator on the same data: node bench/backtest.ts [records] [days]
import { fillStore, replay, replayedRules, spelt } from '../test/evaluate/replay.ts';

const records = Number(process.argv[2] ?? 1_000_000);
const days = Number(process.argv[3] ?? 30);
const fromUs = Date.parse('2026-10-20T00:00:00Z') * 1_000;
const toUs = fromUs + days * 86_400e6;
const passUs = 15 * 60e6;

const stores = await fillStore(records, fromUs, toUs);
const startedMs = performance.now();
const { live, tried, backtestMs, windows } = await replay(stores, fromUs, toUs, passUs);
const liveMs = performance.now() - startedMs - backtestMs;
const a = spelt(live);
const b = spelt(tried);
const differing = a.filter((text, i) => text !== b[i]).length + Math.abs(a.length - b.length);
const realMs = days * 86_400_000;
console.log(
  `${records.toLocaleString('en')} records over ${days} days, ${replayedRules.length} rules, ${windows.toLocaleString('en')} windows`,
);
console.log(`live evaluator   ${live.length} transitions, ${(liveMs / 1_000).toFixed(1)} s`);
console.log(`backtests        ${tried.length} transitions, ${(backtestMs / 1_000).toFixed(1)} s, one after the other`);
console.log(`differing        ${differing}`);
console.log(`a backtest       ${Math.round((realMs * replayedRules.length) / backtestMs).toLocaleString('en')} times real time`);
if (differing > 0 || live.length === 0) process.exitCode = 1;
