/**
 * Work that may have to wait for bytes: a generator that yields the promise it waits for, and nothing at all where a read answers at once, as
 * local files do. `undefined` is yielded now and then as a place where the event loop may run.
 */
export type Steps<T> = Generator<Promise<unknown> | undefined, T, unknown>;

/** How long work goes on before others get their turn, and how they get it. */
export type Pace = { sliceMs: number; turn(): Promise<unknown> };

/** The pace of what somebody waits for: the event loop has its turn after each slice of about 10 ms. */
const ownPace: Pace = { sliceMs: 10, turn: () => new Promise((resolve) => setImmediate(resolve)) };

/** The value itself, or what it resolves to. */
export function* settled<T>(value: T | Promise<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs steps to their end, giving way to others after each slice. */
export async function run<T>(steps: Steps<T>, { sliceMs, turn }: Pace = ownPace): Promise<T> {
  let sliceEnd = performance.now() + sliceMs;
  let step = steps.next();
  while (!step.done) {
    if (step.value !== undefined) step = await resumed(steps, step.value);
    else {
      if (performance.now() > sliceEnd) {
        await turn();
        sliceEnd = performance.now() + sliceMs;
      }
      step = steps.next();
    }
  }
  return step.value;
}

/** Runs steps to their end at once where nothing has to be waited for, else as a promise. */
export function runNow<T>(steps: Steps<T>): T | Promise<T> {
  let step = steps.next();
  while (!step.done && step.value === undefined) step = steps.next();
  if (step.done) return step.value;
  const waiting = step.value!;
  return resumed(steps, waiting).then(function next(result): T | Promise<T> {
    if (result.done) return result.value;
    return resumed(steps, result.value).then(next);
  });
}

async function resumed<T>(
  steps: Steps<T>,
  waiting: Promise<unknown> | undefined,
): Promise<IteratorResult<Promise<unknown> | undefined, T>> {
  let value: unknown;
  try {
    value = await waiting;
  } catch (thrown) {
    return steps.throw(thrown);
  }
  return steps.next(value);
}
