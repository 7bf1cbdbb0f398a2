import { CreateEmailIdentityCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqsClient } from '../../src/adapters/dead-letters/sqs/client.ts';
import { SesNotifier } from '../../src/adapters/notify/ses/ses-notifier.ts';
import { SnsNotifier } from '../../src/adapters/notify/sns/sns-notifier.ts';
import type { Notification } from '../../src/core/ports/notifier.ts';
import { aws, endpointOf, makeQueue } from './aws-bench.ts';
import { FaultyProxy } from './faulty-proxy.ts';
import { randomName } from './random-name.ts';

const notification: Notification = {
  subject: 'ältere Offsets\nals erlaubt '.repeat(10),
  text: 'partition 3 waits',
  severity: 'warning',
  links: [{ title: 'runbook', url: 'https://docs.example/r' }],
  dedupKey: 'alarm/hot-lag',
};

describe.skipIf(!aws)('notifications on AWS', () => {
  let proxy: FaultyProxy;
  beforeAll(async () => {
    proxy = await FaultyProxy.start(aws!.endpoint);
  });
  afterAll(() => proxy.close());

  test('SNS hands a notification to who has subscribed', async () => {
    const sns = new SNSClient(endpointOf());
    const sqs = sqsClient(endpointOf());
    const queueUrl = await makeQueue();
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['QueueArn'] }));
    const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: randomName('topic') }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: Attributes!.QueueArn }));
    const notifier = new SnsNotifier({ topicArn: TopicArn!, ...endpointOf() });
    await notifier.notify(notification);
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, WaitTimeSeconds: 5 }));
    const message = JSON.parse(Messages[0]!.Body!) as {
      Subject: string;
      Message: string;
      MessageAttributes: Record<string, { Value: string }>;
    };
    expect(message.Message).toBe('partition 3 waits\nrunbook: https://docs.example/r');
    expect(message.Subject).toMatch(/^\[warning\] altere Offsets als erlaubt/);
    expect(message.Subject.length).toBeLessThanOrEqual(100);
    expect(message.MessageAttributes.dedup_key!.Value).toBe('alarm/hot-lag');
    await notifier.close();
    sns.destroy();
    sqs.destroy();
  });

  test('a topic that is not there is told from a service that does not answer', async () => {
    const topicArn = 'arn:aws:sns:us-east-1:000000000000:nowhere';
    await expect(new SnsNotifier({ topicArn, ...endpointOf() }).notify(notification)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    proxy.rule = () => 'refuse';
    const cut = new SnsNotifier({ topicArn, ...endpointOf(proxy.endpoint), attempts: 2 });
    await expect(cut.notify(notification)).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE' });
    expect(proxy.seen).toHaveLength(2);
    proxy.reset();
  });

  test('SES takes a mail in plain text, with headers for filters', async () => {
    const ses = new SESv2Client(endpointOf());
    const from = `${randomName('from')}@example.com`;
    await ses.send(new CreateEmailIdentityCommand({ EmailIdentity: from }));
    proxy.reset();
    const notifier = new SesNotifier({ from, to: ['ops@example.com'], ...endpointOf(proxy.endpoint), attempts: 2 });
    await notifier.notify(notification);
    const { Content, Destination } = JSON.parse(proxy.seen[0]!.body) as {
      Destination: object;
      Content: { Simple: { Subject: { Data: string }; Body: { Text: { Data: string } }; Headers: object[] } };
    };
    expect(Destination).toEqual({ ToAddresses: ['ops@example.com'] });
    expect(Content.Simple.Subject.Data).toMatch(/^\[warning\] ältere Offsets als erlaubt/);
    expect(Content.Simple.Body.Text.Data).toBe('partition 3 waits\nrunbook: https://docs.example/r');
    expect(Content.Simple.Headers).toContainEqual({ Name: 'X-Logdrive-Dedup-Key', Value: 'alarm%2Fhot-lag' });
    proxy.rule = () => ({ status: 400, body: '{"message":"no"}', headers: { 'x-amzn-errortype': 'MessageRejected' } });
    await expect(notifier.notify(notification)).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    proxy.rule = () => ({ status: 503, body: '{}' });
    await expect(notifier.notify(notification)).rejects.toMatchObject({ code: 'CHANNEL_UNAVAILABLE' });
    proxy.reset();
    await notifier.close();
    ses.destroy();
  });
});
