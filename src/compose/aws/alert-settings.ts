import type { Environment } from '../../../lambdas/environment.ts';
import { defaultRouting } from '../../alerts/routing/routing.ts';
import type { AlertSettings } from '../embedded/settings.ts';
import { readSettings } from './settings.ts';

export type AlertEnvironment = Environment<'LOGDRIVE_SETTINGS'> & Partial<Environment<'LOGDRIVE_NOTIFY_TOPIC_ARN'>>;

/** The channel that every stage has: the topic that people subscribe to. */
const people = 'people';

/** Who is told of alerts, as `functions.settings.alerts` of the stage says. Without a routing of its own everything goes to the stage's topic. */
export function alertSettings({ LOGDRIVE_SETTINGS, LOGDRIVE_NOTIFY_TOPIC_ARN: topic }: AlertEnvironment): AlertSettings {
  const { alerts } = readSettings(LOGDRIVE_SETTINGS);
  if (!topic) return alerts;
  const channels = { [people]: { kind: 'sns', topic_arn: topic }, ...alerts.channels };
  return { ...alerts, channels, routing: alerts.routing ?? defaultRouting(people) };
}
