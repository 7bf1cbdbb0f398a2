import type { StateStore, Versioned } from './ports/state-store.ts';

/** The part of a StateStore whose keys begin with `prefix`, as a store of its own: keys are given and listed without it. Closing it closes nothing. */
export function stateUnder(state: StateStore, prefix: string): StateStore {
  return {
    get: <T>(key: string, known?: Versioned<T>) => state.get<T>(prefix + key, known),
    list: async <T>(below: string) =>
      (await state.list<T>(prefix + below)).map(({ key, ...rest }) => ({ key: key.slice(prefix.length), ...rest })),
    compareAndSet: (key, version, value) => state.compareAndSet(prefix + key, version, value),
    transact: (writes) => state.transact(writes.map(({ key, ...rest }) => ({ key: prefix + key, ...rest }))),
    close: async () => {},
  };
}

/** The state of one signal: that of the logs has no prefix. */
export const stateOf = (state: StateStore, signal: string): StateStore =>
  signal === 'logs' ? state : stateUnder(state, `signal/${signal}/`);
