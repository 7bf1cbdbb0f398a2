import { compileCondition, fieldReader } from '../../core/condition.ts';
import { AppError } from '../../core/errors.ts';
import { defineProcessor } from '../../core/processor.ts';
import { SetAside } from '../../core/set-aside.ts';
import manifest from './manifest.ts';

export default defineProcessor(manifest, ({ fields, that, reason }) => {
  if (fields.length === 0 && that === undefined) {
    throw new AppError('INVALID_CONFIG', 'a require step requires nothing; give it fields, or a condition under that');
  }
  const readers = fields.map((field) => ({ field, read: fieldReader(field) }));
  const holds = that === undefined ? undefined : compileCondition(that);
  return (record, { tenant }) => {
    const missing = readers.find(({ read }) => read(record, tenant) === undefined);
    if (missing) throw new SetAside('REQUIRED_FIELD_MISSING', `the field ${missing.field} is missing`);
    if (holds && !holds(record, tenant)) throw new SetAside('REQUIREMENT_NOT_MET', reason);
    return record;
  };
});
