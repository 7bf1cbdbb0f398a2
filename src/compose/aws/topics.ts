import type { Environment } from '../../../lambdas/environment.ts';

/** Names of topics of this deployment. */
export const rawTopic = ({ LOGDRIVE_TOPIC_PREFIX }: Environment<'LOGDRIVE_TOPIC_PREFIX'>): string => `${LOGDRIVE_TOPIC_PREFIX}logs.raw`;
export const parsedTopic = ({ LOGDRIVE_TOPIC_PREFIX }: Environment<'LOGDRIVE_TOPIC_PREFIX'>): string =>
  `${LOGDRIVE_TOPIC_PREFIX}logs.parsed`;
export const inTopic = ({ LOGDRIVE_TOPIC_PREFIX }: Environment<'LOGDRIVE_TOPIC_PREFIX'>): string => `${LOGDRIVE_TOPIC_PREFIX}logs.in`;
