import * as z from 'zod';
import { duration } from './quantities.ts';

const secret = z.union([z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })]);

/** Who is told of alerts. Channels and the routing tree are checked by those who use them: see docs/alert-routing.md. */
export const alertsConfig = z
  .strictObject({
    externalUrl: z
      .string()
      .default('')
      .meta({ description: 'where people reach this host, for links in notifications; its own address unless given' }),
    channels: z.record(z.string(), z.unknown()).default({}).meta({ description: 'ways to tell people, by name: see alert-routing.md' }),
    routing: z.unknown().optional().meta({ description: 'the routing tree: see alert-routing.md; everything to the console unless given' }),
    allowAddresses: z
      .array(z.string())
      .default([])
      .meta({ description: 'networks that channels may call though they are not on the open internet, such as `10.0.0.0/8`' }),
    heartbeats: z
      .array(
        z.strictObject({
          name: z.string().regex(/^[a-z0-9-]{1,60}$/, 'a name is 1 to 60 of a-z, 0-9 and -'),
          url: z.union(
            [z.string().regex(/^https?:\/\//i), secret],
            'expected an http(s) URL, or where it is kept: {env: NAME} or {file: PATH}',
          ),
          every: duration('time between two pings', 1_000).default(60_000),
        }),
      )
      .default([])
      .meta({
        description: 'URLs that are called again and again while alerting works, so that a watcher elsewhere notices when it does not',
      }),
  })
  .prefault({})
  .meta({ description: 'who is told of alerts' });
