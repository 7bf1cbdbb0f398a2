import * as z from 'zod';

/** What each store read to answer: its files, pages, bytes and rows, and how many were left out unread. */
export const stores = z
  .record(
    z.string(),
    z.object({ files: z.int(), files_pruned: z.int(), pages: z.int(), pages_pruned: z.int(), bytes: z.number(), rows: z.int() }),
  )
  .meta({ id: 'StoresRead' });
