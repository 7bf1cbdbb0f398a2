import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hybridBound, writeHybrid } from './bits.ts';
import { decodeCodes } from './decode-hybrid.ts';
import { decodeBooleans, decodeDoubles } from './decode-plain.ts';
import { deltaBound, writeDelta } from './delta.ts';
import { pickBooleans, pickCodes, pickDeltas, pickDoubles } from './pick.ts';

/** Values in stretches, as sorted rows have them, and a few places among them. */
const cellsAndPlaces = (most: number) =>
  fc
    .array(fc.record({ cell: fc.nat(most), times: fc.oneof(fc.nat(3), fc.nat(200)) }), { minLength: 1, maxLength: 30 })
    .map((runs) => runs.flatMap(({ cell, times }) => new Array<number>(times + 1).fill(cell)))
    .chain((cells) =>
      fc.tuple(
        fc.constant(cells),
        fc.subarray(
          cells.map((_, i) => i),
          { maxLength: Math.min(40, cells.length) },
        ),
      ),
    );

/** An optional column's page: levels (1 where a cell is not 0), then values. */
function pageOf(cells: number[], values: Uint8Array): Buffer {
  const levels = Buffer.alloc(hybridBound(cells.length, 1));
  const end = writeHybrid(
    levels,
    0,
    Uint16Array.from(cells, (cell) => Math.min(cell, 1)),
    cells.length,
    1,
  );
  const length = Buffer.alloc(4);
  length.writeUInt32LE(end);
  return Buffer.concat([length, levels.subarray(0, end), values]);
}

const presentOf = (cells: number[]): number[] => cells.filter((cell) => cell > 0);

const widthAndCells = fc.constantFrom(1, 3, 8, 9, 14).chain((width) => fc.tuple(fc.constant(width), cellsAndPlaces(2 ** width)));

test('codes picked at some places are those of the decoded page', () => {
  const law = fc.property(widthAndCells, fc.boolean(), ([width, [someCells, places]], optional) => {
    const cells = optional ? someCells : someCells.map((cell) => Math.max(cell, 1));
    const codes = presentOf(cells).map((cell) => cell - 1);
    const values = Buffer.alloc(1 + hybridBound(codes.length, width));
    values[0] = width;
    const body = values.subarray(0, writeHybrid(values, 1, Uint16Array.from(codes), codes.length, width));
    const page = optional ? pageOf(cells, body) : body;
    const decoded = new Uint16Array(cells.length);
    decodeCodes(page, cells.length, optional, decoded, 0);
    expect([...decoded]).toEqual(cells);
    expect([...pickCodes(page, optional, Uint16Array.from(places))]).toEqual(places.map((place) => cells[place]));
  });
  fc.assert(law);
});

test('doubles and booleans picked at some places are those of the decoded page', () => {
  const law = fc.property(cellsAndPlaces(2), ([cells, places]) => {
    const picked = Uint16Array.from(places);
    const doubles = pageOf(cells, new Uint8Array(Float64Array.from(presentOf(cells)).buffer));
    const numbers = new Float64Array(cells.length);
    decodeDoubles(doubles, cells.length, true, numbers, 0);
    expect([...pickDoubles(doubles, true, picked)]).toEqual(places.map((place) => numbers[place]));
    const bits = Buffer.alloc((cells.length >> 3) + 1);
    presentOf(cells).forEach((cell, i) => {
      bits[i >> 3]! |= (cell - 1) << (i & 7);
    });
    const booleans = pageOf(cells, bits);
    const flags = new Uint8Array(cells.length);
    decodeBooleans(booleans, cells.length, true, flags, 0);
    expect([...flags]).toEqual(cells);
    expect([...pickBooleans(booleans, true, picked)]).toEqual(places.map((place) => flags[place]));
  });
  fc.assert(law);
});

test('numbers picked at some places of differences are those that were written', () => {
  const spread = fc.constantFrom(1, 1000, 2 ** 40, 2 ** 50);
  const law = fc.property(cellsAndPlaces(300), spread, ([cells, places], factor) => {
    const values = Float64Array.from(cells, (cell) => cell * factor);
    const page = Buffer.alloc(deltaBound(values.length));
    const end = writeDelta(page, 0, values, 0, values.length);
    expect([...pickDeltas(page.subarray(0, end), Uint16Array.from(places))]).toEqual(places.map((place) => values[place]));
  });
  fc.assert(law);
});
