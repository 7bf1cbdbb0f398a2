import { createHash } from 'node:crypto';
import type { Transition } from '../../alerts/transition.ts';
import { formatTime } from '../../core/time.ts';
import type { Accept } from '../../pipeline/accept/accept.ts';

/** Hands every transition on as an event of its tenant (CloudEvents 1.0, type `logdrive.alert.<state>`), so that they can be queried. Twice is once: by the idempotency key, and by the id. */
export function publishAsEvents(accept: Accept): (transitions: Transition[]) => Promise<void> {
  return async (transitions) => {
    const { eventTranslator } = await import('../../pipeline/events/translate-events.ts');
    const translate = eventTranslator(
      () => undefined,
      () => [],
    );
    for (const [tenant, own] of Map.groupBy(transitions, (transition) => transition.tenant)) {
      const body = Buffer.from(JSON.stringify(own.map(eventOf)));
      await accept({
        ...{ signal: 'events', translate, tenant, keyId: tenant, requestId: `alerts-${own[0]!.atUs}`, body, defaults: {} },
        ...{ contentType: 'application/cloudevents-batch+json', contentEncoding: undefined, contentLength: body.length },
        idempotencyKey: createHash('sha256').update(body).digest('hex'),
      });
    }
  };
}

function eventOf({ fingerprint, to, from, atUs, rule, labels, episode, value, reason, staging, ruleVersion }: Transition): object {
  return {
    ...{ specversion: '1.0', id: `${fingerprint}-${atUs}-${to}`, source: '/logdrive/alerts', type: `logdrive.alert.${to}`, subject: rule },
    ...{ time: formatTime(atUs), datacontenttype: 'application/json' },
    data: { rule, rule_version: ruleVersion, from, to, labels, episode, value, reason, staging },
  };
}
