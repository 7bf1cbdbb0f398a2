import { describe, expect, test } from 'vitest';
import {
  type Actor,
  asker,
  collector,
  compactor,
  consumer,
  hotConsumer,
  hotRedriver,
  hotRetention,
  redriver,
  splitReader,
} from './actors.ts';
import { exhaust, type Fault, type Run, type Scenario, wander } from './explore.ts';
import * as faults from './faults.ts';
import { statusNow, Violation } from './invariants.ts';
import type { Fate } from './world.ts';

/** As in `warm-protocol.test.ts`. */
const scale = Number(process.env.LOGDRIVE_MODEL_SCALE ?? 1);

const mixed = (offset: number): Fate => (offset === 1 ? 'poison' : offset === 2 ? 'drop' : 'keep');

/** Once all is quiet: both sinks get everything again and redrive; then nothing is open or dead in either, and readers see it all. */
function settled({ end, redrives = [] }: Scenario): (run: Run) => void {
  return (run) => {
    run.endReaders();
    run.settle(consumer(0, end), hotConsumer(0, end), redriver(...redrives), hotRedriver(...redrives));
    run.settle(compactor, hotRetention, hotRetention, splitReader('even'), splitReader('odd'));
    const { warm, hot } = statusNow(run.world, end);
    if (warm.open.length + hot.open.length > 0) throw new Violation(`open at the end: ${JSON.stringify({ warm, hot })}`);
    if (redrives.length > 0 && warm.dead.length + hot.dead.length > 0)
      throw new Violation(`a redrive wrote nothing: ${JSON.stringify({ warm, hot })}`);
  };
}

/** One actor that does what several do, one after the other. */
const seeded = (...actors: Actor[]): Actor =>
  function* (stage) {
    for (const actor of actors) yield* actor(stage);
  };

const small: Record<string, Scenario> = {
  'one batch at both sinks, at two consumers each': {
    end: 3,
    actors: [hotConsumer(0, 3), hotConsumer(0, 3), consumer(0, 3), splitReader('even')],
    fateOf: mixed,
  },
  'batches with other boundaries in each sink': {
    end: 5,
    actors: [hotConsumer(0, 3), hotConsumer(1, 5), consumer(0, 4), consumer(3, 5), splitReader('even')],
    fateOf: mixed,
  },
  'hot redriven twice at once, and delivered again': {
    end: 3,
    actors: [hotConsumer(0, 3), hotRedriver(1), hotRedriver(1), hotConsumer(1, 2), asker(3, 'hot')],
    fateOf: mixed,
    redrives: [1],
  },
  'one letter redriven in both sinks while a query runs': {
    end: 3,
    actors: [seeded(hotConsumer(0, 3), consumer(0, 3)), hotRedriver(1), redriver(1), splitReader('odd')],
    fateOf: mixed,
    redrives: [1],
  },
  'a day dropped from hot while the archive lags': {
    end: 3,
    actors: [seeded(hotConsumer(0, 3)), consumer(0, 3), seeded(hotRetention, hotRetention, hotRetention), splitReader('even')],
  },
  'a day dropped from hot while late records come': {
    end: 3,
    actors: [seeded(consumer(0, 3), hotConsumer(1, 3)), hotConsumer(0, 2), seeded(hotRetention, hotRetention), splitReader('even')],
  },
  'a dropped day under a reader': {
    end: 2,
    actors: [seeded(consumer(0, 2), hotConsumer(0, 2)), hotRetention, hotRetention, splitReader('even')],
  },
  'compaction while a query is split': {
    end: 4,
    actors: [seeded(hotConsumer(0, 2), consumer(0, 3)), compactor, hotConsumer(2, 4), collector, splitReader('even')],
  },
};

/** Anything at once in both sinks. */
function anything(fault?: Fault): (random: () => number) => Scenario {
  return (random) => {
    const end = 4 + Math.floor(random() * 6);
    const fates = Array.from({ length: end }, (): Fate => (random() < 0.2 ? 'poison' : random() < 0.2 ? 'drop' : 'keep'));
    const redrives = fates.flatMap((fate, offset) => (fate === 'poison' ? [offset] : []));
    const range = (): [number, number] => {
      const from = Math.floor(random() * end);
      return [from, Math.min(end, from + 1 + Math.floor(random() * 5))];
    };
    const oneOf = () => redrives[Math.floor(random() * redrives.length)] ?? 0;
    const kinds: (() => Actor)[] = [
      () => hotConsumer(...range()),
      () => hotConsumer(...range()),
      () => consumer(...range()),
      () => consumer(...range()),
      () => hotRedriver(oneOf()),
      () => redriver(oneOf()),
      () => hotRetention,
      () => compactor,
      () => collector,
      () => splitReader('even'),
      () => splitReader('odd'),
      () => asker(end, 'hot'),
    ];
    const actors = Array.from({ length: 12 }, () => kinds[Math.floor(random() * kinds.length)]!());
    return { end, actors, fateOf: (offset) => fates[offset]!, redrives, ...(fault ? { fault } : {}) };
  };
}

describe('two sinks, each with its own progress', () => {
  for (const [name, scenario] of Object.entries(small)) {
    test(`${name}: no order of steps breaks it`, () => {
      const { states } = exhaust(scenario, settled(scenario), 1_200 * scale);
      expect(states).toBeGreaterThan(20);
    });

    test(`${name}: no random order with crashes breaks it`, () => {
      expect(wander(() => scenario, settled(scenario), 100 * scale, 1).states).toBeGreaterThan(100);
    });
  }

  test('no random mixture of everything breaks it', () => {
    const { states } = wander(
      (random) => anything()(random),
      (run) => settled(run.scenario)(run),
      300 * scale,
      1,
    );
    expect(states).toBeGreaterThan(1_000);
  });
});

/** Each wrong protocol, where it is looked for, and what is seen of it. */
const wrong: [name: string, fault: Fault, scenario: Scenario, seen: RegExp][] = [
  [
    'a hot commit without compare',
    faults.noCompare,
    small['one batch at both sinks, at two consumers each']!,
    /not the sizes|counted|moved/,
  ],
  ['the hot commit before the write', faults.headFirst, small['one batch at both sinks, at two consumers each']!, /is not there/],
  ['a day deleted while it still counts as held', faults.silentRetention([1, 2]), small['a dropped day under a reader']!, /is not there/],
  [
    'a dropped day that counts as held again',
    faults.noFloor,
    small['a day dropped from hot while late records come']!,
    /is not there|not visible/,
  ],
  ['a day deleted under a reader', faults.noGrace, small['a dropped day under a reader']!, /without/],
  ['dead counted as finished', faults.deadIsFinished, small['hot redriven twice at once, and delivered again']!, /a redrive wrote nothing/],
];

describe('a wrong protocol of two sinks is found:', () => {
  test.each(wrong)('%s', (_, fault, scenario, seen) => {
    const broken = { ...scenario, fault };
    expect(() => wander(() => broken, settled(broken), 5_000, 1)).toThrow(seen);
  });

  test('the archive asked before the hot head', () => {
    const { actors, ...lagging } = small['a day dropped from hot while the archive lags']!;
    const scenario = { ...lagging, actors: [...actors.slice(0, 3), splitReader('even', true)] };
    expect(() => wander(() => scenario, settled(scenario), 5_000, 1)).toThrow(/without/);
  });

  test('without compare, by random orders', () => {
    expect(() => wander(anything(faults.noCompare), (run) => settled(run.scenario)(run), 2_000, 1)).toThrow(Violation);
  });
});
