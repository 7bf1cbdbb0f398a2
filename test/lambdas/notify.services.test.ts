import { randomUUID } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sqsClient } from '../../src/adapters/dead-letters/sqs/client.ts';
import { aws, endpointOf, makeQueue } from '../contract/aws-bench.ts';
import { recorded } from './recorded.ts';
import { openStage, type Stage } from './stage.ts';

describe.skipIf(!aws)('notify', () => {
  let stage: Stage;
  let topicArn: string;
  let inbox: string;
  let receiver: Server;
  const posted: { subject: string; severity: string }[] = [];
  let status = 200;
  beforeAll(async () => {
    stage = await openStage(['notify']);
    const sns = new SNSClient(endpointOf());
    const sqs = sqsClient(endpointOf());
    topicArn = (await sns.send(new CreateTopicCommand({ Name: `logdrive-people-${randomUUID()}` }))).TopicArn!;
    inbox = await makeQueue();
    const { Attributes } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: inbox, AttributeNames: ['QueueArn'] }));
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint: Attributes!.QueueArn! }));
    receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        if (status === 200) posted.push(JSON.parse(body));
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  });
  afterAll(async () => {
    receiver?.close();
    await stage?.close();
  });

  const told = async () => {
    const { Messages = [] } = await sqsClient(endpointOf()).send(new ReceiveMessageCommand({ QueueUrl: inbox, WaitTimeSeconds: 5 }));
    return Messages.map(({ Body }) => JSON.parse(Body!) as { Subject: string; Message: string });
  };

  test('an alarm by SNS is told on the topic, with its reason and its runbook', async () => {
    const notify = stage.start('notify', { env: { LOGDRIVE_NOTIFY_TOPIC_ARN: topicArn } });
    expect(await notify.answer(recorded('sns-alarm'))).toEqual({ told: 1, failed: 0 });
    const [message] = await told();
    expect(message!.Subject).toBe('[critical] logdrive-dev-canary-missing is ALARM');
    expect(message!.Message).toContain('Threshold Crossed');
    expect(message!.Message).toContain('runbook: https://logdrive.dev/docs/runbooks#canary-missing');
  });

  test('channels of the state store are told too; one that may take it later fails the invocation', async () => {
    const { port } = receiver.address() as AddressInfo;
    await stage.state.compareAndSet('notify/channels', 0, [{ kind: 'webhook', url: `http://127.0.0.1:${port}/hook` }]);
    const notify = stage.start('notify');
    expect(await notify.answer(recorded('eventbridge-alarm'))).toEqual({ told: 1, failed: 0 });
    expect(posted).toMatchObject([{ subject: 'logdrive-dev-canary-missing is OK', severity: 'info' }]);
    status = 503;
    expect(await notify.invoke(recorded('eventbridge-alarm'))).toMatchObject({ kind: 'failed' });
    expect(notify.json).toContainEqual(expect.objectContaining({ logdrive_notifications_total: 1, channel: 'webhook', result: 'failed' }));
  });
});
