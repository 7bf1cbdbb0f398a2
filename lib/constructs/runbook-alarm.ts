import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type AlarmName, alarmTable, runbookUrl } from '../runbooks.ts';
import type { StageSettings } from '../stages.ts';

export type RunbookAlarmProps = {
  stage: StageSettings;
  name: AlarmName;
  topic: ITopic;
  metric: cloudwatch.IMetric;
  /** Raised above it (below it for `below`). */
  threshold: number;
  below?: boolean;
  /** Of the last so many periods all must be over. @default 1 */
  periods?: number;
  /** What one cannot see from the alarm's name: the function. */
  subject?: string;
  /** Whether silence is a fault. @default false */
  missingIsBad?: boolean;
};

/** An alarm of the table in runbooks.ts: tells the topic when it is raised and when it is over, and says what to do. */
export class RunbookAlarm extends cloudwatch.Alarm {
  constructor(scope: Construct, id: string, props: RunbookAlarmProps) {
    const { stage, name, subject, threshold, periods = 1, below = false, missingIsBad = false } = props;
    const { says } = alarmTable[name];
    super(scope, id, {
      alarmName: ['logdrive', stage.stage, name, subject].filter(Boolean).join('-'),
      alarmDescription: `${says}${subject ? ` (${subject})` : ''}. What to do: ${runbookUrl(name)}`,
      metric: props.metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: below ? cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD : cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      treatMissingData: missingIsBad ? cloudwatch.TreatMissingData.BREACHING : cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    const tell = new SnsAction(props.topic);
    this.addAlarmAction(tell);
    this.addOkAction(tell);
  }
}
