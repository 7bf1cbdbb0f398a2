import type { SNSEvent } from 'aws-lambda';
import type { Notification, Severity } from '../../core/ports/notifier.ts';

/** What CloudWatch tells of an alarm by SNS. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html */
type AlarmMessage = {
  AlarmName: string;
  AlarmDescription?: string | null;
  NewStateValue: string;
  NewStateReason: string;
  StateChangeTime: string;
  Region: string;
  AlarmArn?: string;
};

/** What EventBridge tells of it (`CloudWatch Alarm State Change`). */
type AlarmEvent = {
  source: string;
  region: string;
  resources: string[];
  detail: { alarmName: string; state: { value: string; reason?: string; timestamp: string }; configuration?: { description?: string } };
};

const severityOf = (state: string): Severity => (state === 'ALARM' ? 'critical' : state === 'OK' ? 'info' : 'warning');

/** Reads what people are to be told from an event of SNS or EventBridge; what is no alarm is passed on as it stands. */
export function notificationsOf(event: SNSEvent | AlarmEvent | object): Notification[] {
  if ('Records' in event) return event.Records.map(({ Sns }) => ofMessage(Sns.Subject, Sns.Message, Sns.MessageId));
  if ('source' in event && 'detail' in event && 'alarmName' in event.detail) {
    const { alarmName, state, configuration } = event.detail;
    const [arn = ''] = event.resources;
    return [
      ofAlarm({
        name: alarmName,
        state: state.value,
        reason: state.reason ?? '',
        description: configuration?.description,
        at: state.timestamp,
        region: regionOf(arn, event.region),
      }),
    ];
  }
  return [{ subject: 'Logdrive: an event', text: JSON.stringify(event).slice(0, 4_000), severity: 'warning', links: [], dedupKey: '' }];
}

function ofMessage(subject: string | undefined, message: string, id: string): Notification {
  try {
    const alarm = JSON.parse(message) as AlarmMessage;
    if (typeof alarm.AlarmName === 'string' && typeof alarm.NewStateValue === 'string') {
      const {
        AlarmName: name,
        NewStateValue: state,
        NewStateReason: reason,
        AlarmDescription,
        StateChangeTime: at,
        AlarmArn,
        Region,
      } = alarm;
      return ofAlarm({ name, state, reason, description: AlarmDescription ?? undefined, at, region: regionOf(AlarmArn ?? '', Region) });
    }
  } catch {
    // Not JSON: a message of somebody else on the topic, told as it is.
  }
  return { subject: subject ?? 'Logdrive: a message', text: message, severity: 'warning', links: [], dedupKey: id };
}

type Alarm = { name: string; state: string; reason: string; description: string | undefined; at: string; region: string };

function ofAlarm({ name, state, reason, description, at, region }: Alarm): Notification {
  const runbook = /https?:\/\/\S+/.exec(description ?? '')?.[0];
  const url = `https://${region}.console.aws.amazon.com/cloudwatch/home?region=${region}#alarmsV2:alarm/${encodeURIComponent(name)}`;
  return {
    subject: `${name} is ${state}`,
    text: [description, reason].filter((line) => line).join('\n'),
    severity: severityOf(state),
    links: [{ title: 'alarm', url }, ...(runbook ? [{ title: 'runbook', url: runbook }] : [])],
    dedupKey: `${name}/${state}/${at}`,
  };
}

const regionOf = (arn: string, fallback: string): string => arn.split(':')[3] || fallback;
