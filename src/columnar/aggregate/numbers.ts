import type { Place } from '../condition/evaluate.ts';
import type { Steps } from '../steps.ts';
import { FieldNumbers, loadField } from './field-values.ts';

/** The loaded window of a field of numbers. */
export class Numbers {
  values: Float64Array = new Float64Array(0);
  /** The row that `values[0]` is of. */
  base = 0;
  readonly #field: string;
  readonly #reader = new FieldNumbers((value) => (typeof value === 'number' ? value : Number.NaN));

  constructor(field: string) {
    this.#field = field;
  }

  *load(place: Place): Steps<void> {
    const data = yield* loadField(this.#field, place);
    const [only] = data.columns;
    if (only?.kind === 'numbers' && data.columns.length === 1 && !data.overflow && only.values instanceof Float64Array) {
      this.values = only.values;
      this.base = only.base;
    } else {
      this.values = yield* this.#reader.of(this.#field, place);
      this.base = place.window.from;
    }
  }
}
