import { AppError } from '../core/errors.ts';
import type { Signal } from '../core/signal.ts';
import type { StoreApi } from './store-api.ts';

/** The stores of a host that keeps logs alone. @throws AppError NOT_FOUND for any other signal */
export const onlyLogs =
  (store: StoreApi) =>
  (signal: Signal): StoreApi => {
    if (signal === 'logs') return store;
    throw new AppError('NOT_FOUND', `this host keeps no ${signal}`);
  };
