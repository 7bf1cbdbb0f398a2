import { describe, expect, test } from 'vitest';
import { firstGap } from '../../src/core/intervals.ts';
import { headKey } from '../../src/core/warm/keys.ts';
import type { SinkHead } from '../../src/core/warm/progress.ts';
import { emptyWindowHead } from '../../src/core/windows/apply.ts';
import type { Actor } from './actors.ts';
import { exhaust, type Fault, type Run, type Scenario, wander } from './explore.ts';
import { noCompare } from './faults.ts';
import { Violation } from './invariants.ts';
import {
  checkCounted,
  checked,
  deadIsDecided,
  eagerWatermark,
  forgetfulItems,
  headFirst,
  headHighWaterMark,
  itemHighWaterMark,
  windowConsumer,
  windowReader,
  windowRedriver,
} from './window-actors.ts';
import type { Fate } from './world.ts';

/** As in `warm-protocol.test.ts`. */
const scale = Number(process.env.LOGDRIVE_MODEL_SCALE ?? 1);

const keep = (): Fate => 'keep';
const mixed = (offset: number): Fate => (offset === 1 ? 'poison' : offset === 2 ? 'drop' : 'keep');

/** Once all is quiet: everything is delivered again and redriven; then each offset is counted once, and nothing is open. */
function settled({ end, fateOf = keep, redrives = [] }: Scenario): (run: Run) => void {
  return (run) => {
    run.settle(windowConsumer(0, end), windowRedriver(...redrives), windowReader(end));
    const head = (run.world.state.get(headKey('aggregate', 0, 0))?.value ?? emptyWindowHead(0, 0)) as SinkHead;
    if (firstGap(head.closed) < end) throw new Violation(`open at the end from ${firstGap(head.closed)} on`);
    checkCounted({ world: run.world, end, fateOf });
  };
}

const scenario = (given: Omit<Scenario, 'fault'>, fault?: Fault): Scenario => ({ ...given, fault: checked(fault) });

const small: Record<string, Omit<Scenario, 'fault'>> = {
  'the same batch at two consumers': {
    end: 3,
    actors: [windowConsumer(0, 3), windowConsumer(0, 3), windowReader(3)],
    fateOf: mixed,
    redrives: [1],
  },
  'batches with other boundaries, in any order': {
    end: 5,
    actors: [windowConsumer(0, 3), windowConsumer(2, 5), windowConsumer(1, 4), windowReader(5)],
    fateOf: keep,
  },
  'a batch that another overtakes': { end: 6, actors: [windowConsumer(3, 6), windowConsumer(0, 3), windowReader(6)], fateOf: keep },
  'a letter redriven twice at once, and delivered again': {
    end: 3,
    actors: [windowConsumer(0, 3), windowRedriver(1), windowRedriver(1), windowConsumer(1, 2)],
    fateOf: mixed,
    redrives: [1],
  },
};

/** Anything at once. */
function anything(fault?: Fault): (random: () => number) => Scenario {
  return (random) => {
    const end = 3 + Math.floor(random() * 5);
    const fates = Array.from({ length: end }, (): Fate => (random() < 0.2 ? 'poison' : random() < 0.2 ? 'drop' : 'keep'));
    const redrives = fates.flatMap((fate, offset) => (fate === 'poison' ? [offset] : []));
    const kinds: (() => Actor)[] = [
      () => {
        const from = Math.floor(random() * end);
        return windowConsumer(from, Math.min(end, from + 1 + Math.floor(random() * 4)));
      },
      () => windowConsumer(0, end),
      () => windowRedriver(...redrives),
      () => windowReader(end),
    ];
    const actors = Array.from({ length: 8 }, () => kinds[Math.floor(random() * kinds.length)]!());
    return scenario({ end, actors, fateOf: (offset) => fates[offset]!, redrives }, fault);
  };
}

describe('the windows of the aggregate sink', () => {
  for (const [name, given] of Object.entries(small)) {
    test(`${name}: no order of steps breaks them`, () => {
      const { states } = exhaust(scenario(given), settled(given), 2_000 * scale);
      expect(states).toBeGreaterThan(100);
    });

    test(`${name}: no random order with crashes breaks them`, () => {
      expect(wander(() => scenario(given), settled(given), 200 * scale, 1).states).toBeGreaterThan(500);
    });
  }

  test('no random mixture of everything breaks them', () => {
    const { states } = wander(anything(), (run) => settled(run.scenario)(run), 400 * scale, 1);
    expect(states).toBeGreaterThan(1_000);
  });
});

/** Each wrong protocol, where it is looked for, and what is seen of it. */
const wrong: [name: string, fault: Fault, given: Omit<Scenario, 'fault'>, seen: RegExp][] = [
  [
    'a high-water mark in the items',
    itemHighWaterMark,
    small['batches with other boundaries, in any order']!,
    /not counted|is due without/,
  ],
  ['a high-water mark in the head', headHighWaterMark, small['a batch that another overtakes']!, /not counted|is due without/],
  ['items that do not remember', forgetfulItems, small['batches with other boundaries, in any order']!, /counted 2 times/],
  ['the head closed before the items', headFirst, small['a batch that another overtakes']!, /not counted|is due without/],
  [
    'writes without compare',
    noCompare,
    small['batches with other boundaries, in any order']!,
    /not counted|counted 2 times|is due without/,
  ],
  ['dead counted as settled', deadIsDecided, small['a letter redriven twice at once, and delivered again']!, /not counted/],
  ['a watermark that does not wait for what is open', eagerWatermark, small['a batch that another overtakes']!, /is due without/],
];

describe('a wrong protocol of windows is found:', () => {
  test.each(wrong)('%s', (_, fault, given, seen) => {
    expect(() => wander(() => scenario(given, fault), settled(given), 5_000, 1)).toThrow(seen);
  });
});
