import type { GroupNotice, NoticeAlert } from '../../core/notice.ts';
import type { Group, GroupAlert, Told } from './group.ts';
import type { RouteOptions } from './tree.ts';

/** A channel of a receiver, as the decision needs it. */
export type ReceiverChannel = { name: string; sendResolved: boolean };

export type FlushContext = {
  nowUs: number;
  options: RouteOptions;
  /** Whether an alert is silenced or inhibited. */
  isMuted(alert: GroupAlert): boolean;
  /** Whether the route is muted at this time, by its time intervals. */
  isTimeMuted: boolean;
  channelsOf(receiver: string): readonly ReceiverChannel[];
};

/** One notification that is due: to be stored with the group, then delivered. */
export type Planned = {
  channel: string;
  receiver: string;
  kind: Exclude<GroupNotice['kind'], 'test'>;
  /** Counts the notifications of a group; with its nonce it is the dedup key. */
  seq: number;
  status: 'firing' | 'resolved';
  alerts: NoticeAlert[];
};

export type Flushed = {
  /** What is left; `undefined` when everything has ended. */
  group: Group | undefined;
  planned: Planned[];
  /** Whether anything has to be stored. */
  changed: boolean;
};

/** Decides what a group has to tell now, channel by channel, as Alertmanager's dispatcher and its deduplication do. Pure. */
export function flushGroup(given: Group, context: FlushContext): Flushed {
  const { nowUs, options, isMuted, isTimeMuted } = context;
  const alerts = Object.values(given.alerts).map((alert) => released(alert, options, nowUs));
  const visible = isTimeMuted ? [] : alerts.filter((alert) => !isMuted(alert));
  const firing = visible.filter(({ endedUs }) => endedUs === null);
  const resolved = visible.filter(({ endedUs }) => endedUs !== null);
  const ack = given.ack && firing.every(({ fingerprint }) => given.ack!.firing.includes(fingerprint)) ? given.ack : null;
  // Whoever has acknowledged gets as long again for what is new.
  const isNews = given.ack !== null && !ack;
  const steps = firing.length > 0 && !ack && !isNews ? dueSteps(given, options, nowUs) : [];

  const told = { ...given.told };
  const planned: Planned[] = [];
  let { seq } = given;
  const done = new Set<string>();
  const receivers = [given.receiver, ...given.escalated, ...steps.map(({ receiver }) => receiver)];
  for (const receiver of receivers) {
    const isNew = steps.some((step) => step.receiver === receiver);
    for (const { name, sendResolved } of context.channelsOf(receiver)) {
      if (done.has(name)) continue;
      const kind = whyTell(told[name], { firing, resolved, sendResolved, isEscalation: isNew, mayRepeat: !ack, nowUs, options });
      if (!kind || visible.length === 0) continue;
      done.add(name);
      const shown = [...firing, ...(sendResolved ? resolved : [])];
      told[name] = { firing: fingerprints(firing), resolved: fingerprints(resolved), atUs: nowUs };
      if (shown.length === 0) continue;
      seq++;
      const status = firing.length > 0 ? 'firing' : 'resolved';
      planned.push({ channel: name, receiver, kind, seq, status, alerts: shown.toSorted(inOrder).map(noticeAlert) });
    }
  }

  const left = alerts.filter(({ endedUs }) => endedUs === null);
  const changes = freshChanges(given, options, nowUs);
  if (left.length === 0 && Object.keys(changes).length === 0) return { group: undefined, planned, changed: true };
  const isOver = left.length === 0;
  const group: Group = {
    ...given,
    ...{ alerts: Object.fromEntries(left.map((alert) => [alert.fingerprint, alert])), changes, seq, told: forgotten(told, left) },
    flushedUs: nowUs,
    firstToldUs: isOver ? null : ((isNews ? null : given.firstToldUs) ?? (planned.length > 0 ? nowUs : null)),
    escalated: isOver ? [] : [...given.escalated, ...steps.map(({ receiver }) => receiver)],
    ack: isOver ? null : ack,
  };
  return { group, planned, changed: differs(given, group, planned) };
}

/** A flush that told nothing and ended nothing need not be stored: its time is only where the next interval is counted from. */
const differs = (before: Group, after: Group, planned: Planned[]): boolean =>
  before.flushedUs === null ||
  planned.length > 0 ||
  JSON.stringify({ ...before, flushedUs: 0 }) !== JSON.stringify({ ...after, flushedUs: 0 });

/** When a group has to be looked at next; `lookedUs` is when it was last, whether or not that was stored. */
export function nextFlushUs(group: Group, options: RouteOptions, lookedUs = group.flushedUs): number {
  if (group.flushedUs === null) return group.wakeUs;
  const last = lookedUs ?? group.flushedUs;
  const steps =
    group.ack || group.firstToldUs === null ? [] : options.escalate.filter(({ receiver }) => !group.escalated.includes(receiver));
  const ends = Object.values(group.alerts).flatMap(({ heldEndUs }) =>
    heldEndUs === undefined || !options.flapDamping ? [] : [heldEndUs + options.flapDamping.holdUs],
  );
  const extra = [...steps.map(({ afterUs }) => group.firstToldUs! + afterUs), ...ends].filter((at) => at > last);
  return Math.min(last + options.groupIntervalUs, ...extra);
}

type Situation = {
  firing: GroupAlert[];
  resolved: GroupAlert[];
  sendResolved: boolean;
  isEscalation: boolean;
  mayRepeat: boolean;
  nowUs: number;
  options: RouteOptions;
};

/** https://github.com/prometheus/alertmanager/blob/main/notify/notify.go, `DedupStage.needsUpdate` */
function whyTell(
  entry: Told | undefined,
  { firing, resolved, sendResolved, isEscalation, mayRepeat, nowUs, options }: Situation,
): Planned['kind'] | undefined {
  if (isEscalation) return 'escalation';
  if (!entry) return firing.length > 0 ? 'change' : undefined;
  const isSubset = (alerts: GroupAlert[], of: string[]) => alerts.every(({ fingerprint }) => of.includes(fingerprint));
  if (!isSubset(firing, entry.firing)) return 'change';
  if (firing.length === 0) return entry.firing.length > 0 ? 'change' : undefined;
  if (sendResolved && !isSubset(resolved, entry.resolved)) return 'change';
  return mayRepeat && nowUs >= entry.atUs + options.repeatIntervalUs ? 'repeat' : undefined;
}

function dueSteps(group: Group, { escalate }: RouteOptions, nowUs: number): { receiver: string }[] {
  const { firstToldUs } = group;
  if (firstToldUs === null) return [];
  return escalate.filter(({ afterUs, receiver }) => nowUs >= firstToldUs + afterUs && !group.escalated.includes(receiver));
}

function released(alert: GroupAlert, { flapDamping }: RouteOptions, nowUs: number): GroupAlert {
  const { heldEndUs, ...rest } = alert;
  if (heldEndUs === undefined || (flapDamping && nowUs < heldEndUs + flapDamping.holdUs)) return alert;
  return { ...rest, endedUs: heldEndUs };
}

function freshChanges({ changes }: Group, { flapDamping }: RouteOptions, nowUs: number): Group['changes'] {
  if (!flapDamping) return {};
  return Object.fromEntries(Object.entries(changes).filter(([, at]) => at.at(-1)! > nowUs - flapDamping.withinUs));
}

/** What ended while a channel was not told of it is forgotten there: when it fires again, it is news. */
function forgotten(told: Record<string, Told>, left: GroupAlert[]): Record<string, Told> {
  const held = new Set(fingerprints(left));
  return Object.fromEntries(
    Object.entries(told).map(([name, entry]) => [name, { ...entry, firing: entry.firing.filter((at) => held.has(at)) }]),
  );
}

const fingerprints = (alerts: readonly GroupAlert[]): string[] => alerts.map(({ fingerprint }) => fingerprint);
const inOrder = (a: GroupAlert, b: GroupAlert): number => a.startedUs - b.startedUs || (a.fingerprint < b.fingerprint ? -1 : 1);

function noticeAlert({ fingerprint, episode, rule, labels, annotations, startedUs, endedUs, value, reason }: GroupAlert): NoticeAlert {
  const says = 'summary' in annotations || 'description' in annotations ? annotations : { ...annotations, description: reason };
  return {
    ...{ status: endedUs === null ? 'firing' : 'resolved', labels, annotations: says, startsUs: startedUs, endsUs: endedUs },
    ...{ fingerprint, episode, rule, value, reason },
  };
}
