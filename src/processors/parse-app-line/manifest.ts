import { defineManifest } from '../../core/processor.ts';

const observed = { timestamp: 1_795_260_000_000_000, observed_timestamp: 1_795_260_000_000_000, severity: 0 };

export default defineManifest({
  name: 'parse-app-line',
  summary:
    "Reads the time and the level at the head of an application's own line; a time without a zone is taken as UTC, and the line stays as it is",
  options: {},
  examples: [
    {
      name: 'log4j',
      options: {},
      in: { ...observed, message: '2026-11-20 10:00:00,123 [main] WARN  com.acme.Pool - 3 connections left' },
      out: { timestamp: Date.UTC(2026, 10, 20, 10, 0, 0, 123) * 1000, level: 'warn', severity: 13 },
    },
    {
      name: 'Python',
      options: {},
      in: { ...observed, message: '2026-11-20 10:00:00,500 - shop.cart - ERROR - no such item' },
      out: { timestamp: Date.UTC(2026, 10, 20, 10, 0, 0, 500) * 1000, level: 'error', severity: 17 },
    },
    {
      name: 'a zone',
      options: {},
      in: { ...observed, message: '2026-11-20T12:00:00+02:00 INFO started' },
      out: { timestamp: Date.UTC(2026, 10, 20, 10) * 1000, level: 'info', severity: 9 },
    },
    {
      name: 'no level: a package manager',
      options: {},
      in: { ...observed, message: '2026-11-20 10:00:00 status installed curl:amd64 7.88.1' },
      out: { timestamp: Date.UTC(2026, 10, 20, 10) * 1000 },
    },
    {
      name: 'a level further on is part of the text',
      options: {},
      in: { ...observed, message: '2026-11-20 10:00:00 the last run of the job ended with ERROR' },
      out: { timestamp: Date.UTC(2026, 10, 20, 10) * 1000 },
    },
    { name: 'a date alone', options: {}, in: { ...observed, message: '2026-11-20 was a Friday' }, out: {} },
  ],
});
