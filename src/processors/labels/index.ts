import { defineProcessor } from '../../core/processor.ts';
import type { LogRecord } from '../../core/record.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, ({ set: { service, env, host, ...labels }, overwrite }) => {
  return (record): LogRecord => ({
    ...record,
    service: record.service === 'unknown' && service !== undefined ? String(service) : record.service,
    env: record.env ?? (env === undefined ? undefined : String(env)),
    host: record.host ?? (host === undefined ? undefined : String(host)),
    attributes: overwrite ? { ...record.attributes, ...labels } : { ...labels, ...record.attributes },
  });
});
