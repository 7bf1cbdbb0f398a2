import { describe, expect, test } from 'vitest';
import { readPartitions } from '../../src/core/warm/heads.ts';
import { tenantDayKey, tenantKey } from '../../src/core/warm/keys.ts';
import { statusOf } from '../../src/core/warm/status.ts';
import { type Actor, asker, collector, compactor, consumer, merger, reader, redriver, sweeper } from './actors.ts';
import { exhaust, type Fault, type Run, type Scenario, wander } from './explore.ts';
import * as faults from './faults.ts';
import { atOnce, Violation } from './invariants.ts';
import type { Fate } from './world.ts';

/** Multiplies the random runs and lifts the bound of exhaustive ones: `LOGDRIVE_MODEL_SCALE=100` for an hour. */
const scale = Number(process.env.LOGDRIVE_MODEL_SCALE ?? 1);

const mixed = (offset: number): Fate => (offset === 1 ? 'poison' : offset === 2 ? 'drop' : 'keep');

/** Once all is quiet: delivers everything again, redrives, compacts, collects; then nothing is open or dead and no object is left over. */
function settled({ end, redrives = [] }: Scenario): (run: Run) => void {
  return (run) => {
    run.endReaders();
    run.settle(consumer(0, end), redriver(...redrives), compactor, merger(), reader('even'), reader('odd'));
    const { done, dropped, dead, open } = atOnce(run.world, statusOf(0, 0, [[0, end]]));
    if (open.length > 0) throw new Violation(`open at the end: ${JSON.stringify(open)}`);
    if (redrives.length > 0 && dead.length > 0) throw new Violation(`a redrive wrote nothing: ${JSON.stringify({ done, dropped, dead })}`);
    run.settle(sweeper, collector, collector, collector);
    const heads = atOnce(run.world, readPartitions());
    if (heads.some(({ files, condemned }) => files.length + condemned.length > 0)) throw new Violation('level 0 is not empty at the end');
    const listed = [...run.world.state.values()].flatMap(({ value }) => (value as { files?: { name: string }[] }).files ?? []);
    const objects = [...run.world.objects.keys()].filter((name) => !name.startsWith('hot/')).sort();
    expect(objects).toEqual(listed.map(({ name }) => name).sort());
  };
}

const small: Record<string, Scenario> = {
  'one batch at two consumers at once': { end: 4, actors: [consumer(0, 4), consumer(0, 4)], fateOf: mixed },
  'batches with other boundaries': { end: 6, actors: [consumer(0, 4), consumer(2, 6), consumer(0, 6)], fateOf: mixed },
  'redriven twice at once, and delivered again': {
    end: 3,
    actors: [consumer(0, 3), redriver(1), redriver(1), consumer(1, 2)],
    fateOf: mixed,
    redrives: [1],
  },
  'two compactors at once': { end: 2, actors: [consumer(0, 2), compactor, compactor] },
  'compaction beside a commit and a reader': { end: 4, actors: [consumer(0, 2), compactor, consumer(1, 4), reader('even')] },
  'a file collected under a reader': { end: 1, actors: [seeded(consumer(0, 1), compactor, collector, collector), reader('even')] },
  'files collected under a reader': {
    end: 2,
    actors: [seeded(consumer(0, 2), compactor), collector, collector, reader('even'), compactor],
  },
  'compacted files merged twice, and read': {
    end: 4,
    actors: [seeded(consumer(0, 2), compactor, consumer(2, 4), compactor), merger(), merger(), reader('even'), collector],
  },
  'what a crash left is swept while the batch comes again': {
    end: 2,
    actors: [consumer(0, 2), sweeper, collector, collector, consumer(0, 2)],
  },
  'an offset erased while files are merged': { end: 4, actors: [seeded(consumer(0, 4), compactor), merger(0), merger(), reader('even')] },
  'two compactors and a collector': { end: 1, actors: [consumer(0, 1), compactor, seeded(compactor, collector, collector, collector)] },
  'a slow sweeper': { end: 1, actors: [abandoned(consumer(0, 1)), seeded(sweeper, collector), collector, collector, consumer(0, 1)] },
  'a receipt asked for while offsets move': { end: 3, actors: [consumer(0, 3), redriver(1), asker(3)], fateOf: mixed, redrives: [1] },
};

/** One actor that does what several do, one after the other. */
function seeded(...actors: Actor[]): Actor {
  return function* (stage) {
    for (const actor of actors) yield* actor(stage);
  };
}

/** An actor that crashes when it has put its first object. */
function abandoned(actor: Actor): Actor {
  return function* (stage) {
    const steps = actor(stage);
    for (let next = steps.next(); !next.done; ) {
      const result: unknown = yield next.value;
      if (next.value.kind === 'put') return;
      next = steps.next(result);
    }
  };
}

/** Anything at once: batches with random boundaries, redrives, compaction, merging, sweeping, collection, erasure, readers. */
function anything(fault?: Fault, without: Actor[] = []): (random: () => number) => Scenario {
  return (random) => {
    const end = 6 + Math.floor(random() * 8);
    const fates = Array.from({ length: end }, (): Fate => (random() < 0.2 ? 'poison' : random() < 0.2 ? 'drop' : 'keep'));
    const redrives = fates.flatMap((fate, offset) => (fate === 'poison' ? [offset] : []));
    const batch = () => {
      const from = Math.floor(random() * end);
      return consumer(from, Math.min(end, from + 1 + Math.floor(random() * 6)));
    };
    const kinds: (() => Actor)[] = [
      batch,
      batch,
      () => compactor,
      () => compactor,
      () => merger(),
      () => collector,
      () => reader('even'),
      () => reader('odd'),
      () => sweeper,
      () => asker(end),
      () => redriver(redrives[Math.floor(random() * redrives.length)] ?? 0),
      () => merger(Math.floor(random() * end)),
    ];
    const actors = Array.from({ length: 12 }, () => kinds[Math.floor(random() * kinds.length)]!()).filter(
      (actor) => !without.includes(actor),
    );
    return { end, actors, fateOf: (offset) => fates[offset]!, redrives, ...(fault ? { fault } : {}) };
  };
}

describe('the protocol of the archive', () => {
  for (const [name, scenario] of Object.entries(small)) {
    test(`${name}: no order of steps breaks it`, () => {
      const { states } = exhaust(scenario, settled(scenario), 1_200 * scale);
      expect(states).toBeGreaterThan(20);
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
  ['a high-water mark', faults.highWaterMark, small['batches with other boundaries']!, /not visible|not the sizes/],
  ['no compare', faults.noCompare, small['one batch at two consumers at once']!, /twice|not visible|moved/],
  ['dead counted as finished', faults.deadIsFinished, small['redriven twice at once, and delivered again']!, /a redrive wrote nothing/],
  ['names alone', faults.namesAlone, small['batches with other boundaries']!, /twice|not the sizes/],
  ['the head before the file', faults.headFirst, small['one batch at two consumers at once']!, /is not there/],
  ['files shown whole', faults.wholeFiles, small['batches with other boundaries']!, /twice/],
  ['a compactor that goes by an old level 0', faults.levelZeroFirst([1]), small['two compactors and a collector']!, /twice/],
  [
    'a reader that takes the days first',
    faults.daysFirst([3], [tenantKey('even'), tenantDayKey('even', '2026-11-21')]),
    small['compaction beside a commit and a reader']!,
    /without/,
  ],
  ['no salt', faults.noSalt, small['a slow sweeper']!, /is not there|deleted/],
  ['no grace', faults.noGrace, small['a file collected under a reader']!, /deleted/],
];

describe('a wrong protocol is found:', () => {
  test.each(wrong)('%s', (_, fault, scenario, seen) => {
    const broken = { ...scenario, fault };
    expect(() => wander(() => broken, settled(broken), 5_000, 1)).toThrow(seen);
  });

  test.each([
    ['a high-water mark', faults.highWaterMark],
    ['no compare', faults.noCompare],
    ['names alone', faults.namesAlone],
    ['files shown whole', faults.wholeFiles],
  ])('%s, by random orders', (_, fault) => {
    expect(() => wander(anything(fault), (run) => settled(run.scenario)(run), 2_000, 1)).toThrow(Violation);
  });
});
