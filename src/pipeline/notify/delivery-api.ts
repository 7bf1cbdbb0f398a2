import { AppError } from '../../core/errors.ts';
import type { NotifyApi, ShownDelivery } from './api.ts';
import { notifyKeys } from './keys.ts';
import type { Delivery, NotifyDeps, SettledDelivery } from './types.ts';

/** The part of the API that is about deliveries: what was told to whom, and what could not be. */
export function createDeliveryApi({ state, clock }: NotifyDeps, changed: () => void): Pick<NotifyApi, 'deliveries' | 'redrive'> {
  return {
    async deliveries(tenant, { state: of, alert, limit }) {
      const pending = of === undefined || of === 'pending' ? await state.list<Delivery>(`${notifyKeys.pending}${tenant}/`) : [];
      const settled = of === 'pending' ? [] : await state.list<SettledDelivery>(notifyKeys.settled(tenant));
      const all: ShownDelivery[] = [
        ...pending.map(({ value }) => ({ ...value, state: 'pending', settledMs: null }) as const),
        ...settled.map(({ value }) => value).reverse(),
      ];
      const isWanted = (one: ShownDelivery) => (of === undefined || one.state === of) && (alert === undefined || isAbout(one, alert));
      return all.filter(isWanted).slice(0, limit);
    },
    async redrive({ tenant }, id) {
      const rows = await state.list<SettledDelivery>(notifyKeys.settled(tenant));
      const dead = rows.find(({ value }) => value.id === id && value.state === 'dead');
      if (!dead) throw new AppError('NOT_FOUND', `there is no dead delivery with the id ${id}`);
      const { state: _, settledMs: __, ...delivery } = dead.value;
      const again: Delivery = { ...delivery, attempts: 0, nextMs: clock.nowMs(), lease: null };
      const isDone = await state.transact([
        { key: dead.key, version: dead.version, value: undefined },
        { key: notifyKeys.pendingOne(tenant, id), version: 0, value: again },
      ]);
      if (!isDone) throw new AppError('NOT_FOUND', `the delivery ${id} is on its way already`);
      changed();
      return { ...again, state: 'pending', settledMs: null };
    },
  };
}

const isAbout = ({ group, notice }: ShownDelivery, alert: string): boolean =>
  group === alert || notice.alerts.some(({ fingerprint, episode, rule }) => fingerprint === alert || episode === alert || rule === alert);
