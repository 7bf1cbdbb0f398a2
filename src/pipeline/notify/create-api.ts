import { acknowledge, type Group } from '../../alerts/routing/group.ts';
import { parseMatchers } from '../../alerts/routing/matcher.ts';
import { readRouting } from '../../alerts/routing/read-routing.ts';
import { compileRouting } from '../../alerts/routing/routing.ts';
import { type Silence, silenceState } from '../../alerts/routing/silence.ts';
import { compileTimeIntervals } from '../../alerts/routing/time-interval.ts';
import { AppError } from '../../core/errors.ts';
import type { NotifyApi, ShownSilence } from './api.ts';
import { createChannelApi } from './channel-api.ts';
import { createDeliveryApi } from './delivery-api.ts';
import { explainAlert } from './explain-alert.ts';
import { notifyKeys } from './keys.ts';
import { NotifySettings, type StoredRouting } from './settings.ts';
import type { NotifyDeps } from './types.ts';

const maxSilences = 1_000;
const attempts = 5;

/** Makes what people see and change, over the state store alone: whoever decides and delivers may be another process. `changed` wakes it where it is this one. */
export function createNotifyApi(deps: NotifyDeps, changed: () => void): NotifyApi {
  const { state, clock, hash, newId } = deps;
  const settings = new NotifySettings(state, deps.defaults);
  const nowUs = () => clock.nowMs() * 1000;
  const shown = (silence: Silence): ShownSilence => ({ ...silence, state: silenceState(silence, nowUs()) });
  const groupsOf = async (tenant: string) => (await state.list<Group>(`${notifyKeys.groups}${tenant}/`)).map(({ value }) => value);
  const answer = async (tenant: string) => {
    const { routing, version, by, atMs } = await settings.routing(tenant);
    return { routing: routing.config, version, by, atMs };
  };

  return {
    ...createChannelApi(deps, settings, changed),
    ...createDeliveryApi(deps, changed),
    routing: answer,
    async putRouting({ tenant, by }, value, version) {
      const names = [...(await settings.channels(tenant)).keys()];
      const routing = readRouting(value, names);
      compileRouting(routing, names);
      const stored = await state.get<StoredRouting>(notifyKeys.routing(tenant));
      const number = stored?.value.number ?? 0;
      const conflict = (now: number) =>
        new AppError('CONFLICT', `version: the routing tree has version ${now} by now, not ${version}; read it again`);
      if (version !== undefined && version !== number) throw conflict(number);
      const next: StoredRouting = { routing, number: number + 1, by, atMs: clock.nowMs() };
      if ((await state.compareAndSet(notifyKeys.routing(tenant), stored?.version ?? 0, next)) === undefined) throw conflict(number + 1);
      changed();
      return answer(tenant);
    },
    async explain(tenant, labels, action) {
      const [{ routing }, silences, groups] = await Promise.all([settings.routing(tenant), settings.silences(tenant), groupsOf(tenant)]);
      return explainAlert(labels, action, { tenant, routing, silences, groups, nowUs: nowUs(), hash });
    },
    silences: async (tenant) => (await settings.silences(tenant)).map(shown).sort((a, b) => b.createdUs - a.createdUs),
    async addSilence({ tenant }, { matchers, startsUs, endsUs, comment, createdBy, timeIntervals }) {
      const now = nowUs();
      const parsed = matchers.flatMap((text) => parseMatchers(text));
      if (parsed.every((matcher) => (matcher.op === '=' || matcher.op === '=~') === (matcher.value === '' || matcher.value === '.*')))
        throw new AppError('INVALID_CONFIG', 'matchers: one at least has to ask for something: these hold for every alert');
      if (timeIntervals) compileTimeIntervals(timeIntervals);
      if (endsUs !== null && endsUs <= Math.max(now, startsUs ?? now))
        throw new AppError('INVALID_CONFIG', 'ends_at: it ends before it begins');
      if ((await settings.silences(tenant)).length >= maxSilences)
        throw new AppError('RATE_LIMITED', `there are ${maxSilences} silences already; end some`);
      const times = { startsUs: startsUs ?? now, endsUs, createdUs: now, updatedUs: now };
      const silence: Silence = { id: newId(), matchers: parsed, ...times, createdBy, comment, ...(timeIntervals ? { timeIntervals } : {}) };
      await state.compareAndSet(notifyKeys.silence(tenant, silence.id), 0, silence);
      changed();
      return shown(silence);
    },
    async endSilence({ tenant }, id) {
      for (let attempt = 0; attempt < attempts; attempt++) {
        const row = await state.get<Silence>(notifyKeys.silence(tenant, id));
        if (!row) throw new AppError('NOT_FOUND', `there is no silence with the id ${id}`);
        if (silenceState(row.value, nowUs()) === 'expired') return shown(row.value);
        const now = nowUs();
        const next = { ...row.value, startsUs: Math.min(row.value.startsUs, now), endsUs: now, updatedUs: now };
        if ((await state.compareAndSet(notifyKeys.silence(tenant, id), row.version, next)) !== undefined) {
          changed();
          return shown(next);
        }
      }
      throw new AppError('CONFLICT', 'the silence is being changed by others', { retryAfterS: 1 });
    },
    groups: groupsOf,
    async acknowledge({ tenant }, id, ack) {
      const done: Group[] = [];
      for (let attempt = 0; attempt < attempts; attempt++) {
        const rows = (await state.list<Group>(`${notifyKeys.groups}${tenant}/`)).filter(({ value }) => isOf(value, id));
        if (rows.length === 0) throw new AppError('NOT_FOUND', `no alert that is being told and no group has the id ${id}`);
        let isDone = true;
        for (const { key, value, version } of rows) {
          if (done.some((group) => group.id === value.id)) continue;
          const next = ack ? acknowledge(value, ack.by, ack.comment, nowUs()) : { ...value, ack: null };
          if ((await state.compareAndSet(key, version, next)) === undefined) isDone = false;
          else done.push(next);
        }
        if (isDone) {
          changed();
          return done;
        }
      }
      throw new AppError('CONFLICT', 'the group is changing; try again', { retryAfterS: 1 });
    },
  };
}

const isOf = (group: Group, id: string): boolean =>
  group.id === id || Object.values(group.alerts).some(({ episode, fingerprint }) => episode === id || fingerprint === id);
