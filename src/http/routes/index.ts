import type { Route } from '../route.ts';
import { accountingRoutes } from './accounting.ts';
import { alertChannelRoutes } from './alert-channels.ts';
import { alertRoutingRoutes } from './alert-routing.ts';
import { alertRuleRoutes } from './alert-rules.ts';
import { alertSilenceRoutes } from './alert-silences.ts';
import { alertRoutes } from './alerts.ts';
import { anomalyRoutes } from './anomalies.ts';
import { deadLetterRoutes } from './dead-letters.ts';
import { explainRoutes } from './explain.ts';
import { exportRoutes } from './export.ts';
import { ingestRoutes } from './ingest.ts';
import { keyRoutes } from './keys.ts';
import { logRoutes } from './logs.ts';
import { metricRoutes } from './metrics.ts';
import { otlpRoutes } from './otlp.ts';
import { overviewRoutes } from './overview.ts';
import { patternRoutes } from './patterns.ts';
import { queryRoutes } from './query.ts';
import { searchRoutes } from './searches.ts';
import { systemRoutes } from './system.ts';
import { tailRoutes } from './tail.ts';
import { takeSignalRoutes } from './take-signals.ts';
import { traceRoutes } from './traces.ts';

/** Every route of the API. */
export const routes: readonly Route[] = [
  ...ingestRoutes,
  ...takeSignalRoutes,
  ...otlpRoutes,
  ...tailRoutes,
  ...logRoutes,
  ...queryRoutes,
  ...exportRoutes,
  ...searchRoutes,
  ...explainRoutes,
  ...overviewRoutes,
  ...metricRoutes,
  ...traceRoutes,
  ...anomalyRoutes,
  ...patternRoutes,
  ...accountingRoutes,
  ...deadLetterRoutes,
  ...alertRoutingRoutes,
  ...alertSilenceRoutes,
  ...alertChannelRoutes,
  ...keyRoutes,
  ...alertRoutes,
  ...alertRuleRoutes,
  ...systemRoutes,
];
