// What joins the staves of a system, as tall as the staves are, as in omr_jax/inputs/tall.py: bar
// lines, braces and brackets, of which a window shows only a part.

import { logOdds } from '../network/answer.js';
import { structure as fixed, tall } from '../structure/constants.js';
import { interpolated, median } from '../structure/filters.js';
import { around } from './page_json.js';

const { AT_BEGIN, BARS, BESIDE, BRACE, DOUBLE, LESS, OFF, SIGNS, TALL } = tall;
const MIDDLE = (fixed.LINES - 1) / 2;

/** Whether a symbol may be as tall as several staves. */
export const isTall = ({ label }) => TALL.includes(label);

/**
 * Tall symbols, with those that join several staves as tall as these. Bar lines above each other in
 * such a system are a measure separator, as sure as the surest one.
 *
 * @param {{label: string, confidence: number, box: number[]}[]} found Symbols for which `isTall`.
 * @param {string[]} classes The classes that were looked for.
 * @param {{staves: object[], systems: number[][]}} structure Of the page, in the same pixels.
 * @returns {{label: string, confidence: number, box: number[]}[]}
 */
export function completed(found, classes, { staves, systems }) {
  const several = systems.filter((system) => system.length > 1).map(
    (system) => system.map((number) => staves[number]),
  );
  const systemOf = found.map((each) => several.findIndex((system) => has(system, each)));
  const others = found.filter((_, n) => systemOf[n] < 0);
  const mine = several.map((system, k) => {
    const symbols = found.filter((_, n) => systemOf[n] === k);
    return inSystem(system, symbols);
  });
  return [...others, ...mine.flat().filter(({ label }) => classes.includes(label))];
}

/** What the symbols of a system are, when they are completed. */
function inSystem(system, symbols) {
  const surest = [...symbols].sort((a, b) => b.confidence - a.confidence);
  const named = (...labels) => surest.filter(({ label }) => labels.includes(label));
  const [begins, bars] = [true, false].map((wanted) =>
    named(...BARS).filter((each) => isBegin(system, each) === wanted),
  );
  const begin = begins.slice(0, 1).map((each) => asThin(whole(system, each), bars));
  const signs = named(...SIGNS).map((each) => asWide(system, joining(system, each)));
  const groupings = groupingsOf(system, named('staffGrouping'), [...begin, ...signs]);
  const separators = separatorsOf(system, bars, named('measureSeparator'));
  return [...bars, ...begin, ...signs, ...groupings, ...separators];
}

/** Groupings with the boxes of the signs and lines that they are, each of them once. */
function groupingsOf(system, groupings, parts) {
  const taken = new Set();
  return groupings.flatMap((each) => {
    const off = (one, other) => Math.abs(middle(one)[1] - middle(other)[1]);
    const near = parts.filter(({ box }) => isMiddle(system, each, [box[1], box[3]]));
    if (!near.length) return [joining(system, each)];
    const best = near.reduce((a, b) => (off(b, each) < off(a, each) ? b : a));
    const box = aroundSurest(near.filter((one) => off(one, best) <= spaceOf(system)));
    if (taken.has(String(box))) return [];
    taken.add(String(box));
    return [{ ...each, box }];
  });
}

/** A separator for each place with bar lines; and those that were found where there are none. */
function separatorsOf(system, bars, separators) {
  const reach = DOUBLE * spaceOf(system);
  const found = [];
  let [rest, alone] = [bars, separators];
  while (rest.length) {
    const [first] = rest;
    const [x] = middle(first);
    const isNear = (each) => Math.abs(middle(each)[0] - x) <= reach;
    const box = aroundSurest(rest.filter(isNear));
    found.push(reaching({ ...first, label: 'measureSeparator', box }, ends(system, x)));
    rest = rest.filter((each) => !isNear(each));
    alone = alone.filter((each) => !isNear(each));
  }
  return [...found, ...alone.map((each) => whole(system, each))];
}

/**
 * A symbol from the first to the last of the staves in whose middle it is, if there are any. Of
 * several such groups of staves it is the one whose height is most like its own.
 */
function joining(system, symbol) {
  const [x] = middle(symbol);
  const fitting = system.flatMap((_, last) =>
    Array.from({ length: last }, (__, first) => ends(system, x, first, last)),
  ).filter((each) => isMiddle(system, symbol, each));
  if (!fitting.length) return symbol;
  const high = symbol.box[3] - symbol.box[1];
  const unlike = ([top, bottom]) => Math.abs(Math.log((bottom - top) / high));
  return reaching(symbol, fitting.reduce((a, b) => (unlike(b) < unlike(a) ? b : a)));
}

const reaching = (symbol, [top, bottom]) => ({
  ...symbol,
  box: [symbol.box[0], top, symbol.box[2], bottom],
});

/** A symbol as tall as the system. */
const whole = (system, symbol) => reaching(symbol, ends(system, middle(symbol)[0]));

/** A sign that is as wide as a brace, if it is one. */
function asWide(system, sign) {
  const half = (BRACE * spaceOf(system)) / 2;
  const [left, top, right, bottom] = sign.box;
  if (sign.label !== 'brace' || right - left >= 2 * half) return sign;
  const [x] = middle(sign);
  return { ...sign, box: [x - half, top, x + half, bottom] };
}

/** A line no wider than is usual among the sure ones of these bar lines. */
function asThin(line, bars) {
  const widthOf = ({ box }) => box[2] - box[0];
  const widths = surestOf(bars).map(widthOf);
  const half = Math.min(widthOf(line), ...(widths.length ? [median(widths)] : [])) / 2;
  const [x] = middle(line);
  return { ...line, box: [x - half, line.box[1], x + half, line.box[3]] };
}

/** The surest symbol and those that are nearly as sure. */
function surestOf(symbols) {
  const sure = symbols.map(({ confidence }) => logOdds(confidence));
  return symbols.filter((_, n) => sure[n] >= Math.max(...sure) - LESS);
}

const aroundSurest = (symbols) => around(surestOf(symbols).map(({ box }) => box));

const middle = ({ box }) => [0, 1].map((n) => (box[n] + box[n + 2]) / 2);

/** Whether the middle of a symbol is in a system or close beside it. */
function has(system, symbol) {
  const [x, y] = middle(symbol);
  const [top, bottom] = ends(system, x);
  const reach = BESIDE * spaceOf(system);
  const [left, right] = [side(system, y, 0) - reach, side(system, y, -1) + reach];
  return top < y && y < bottom && left < x && x < right;
}

/** Whether a bar line is the one at the left end of a system, which joins all its staves. */
function isBegin(system, line) {
  const [x, y] = middle(line);
  const isNear = Math.abs(x - side(system, y, 0)) <= AT_BEGIN * spaceOf(system);
  return isNear && isMiddle(system, line, ends(system, x));
}

function isMiddle(system, symbol, [top, bottom]) {
  return Math.abs(middle(symbol)[1] - (top + bottom) / 2) <= OFF * spaceOf(system);
}

/** y of the upper line of one staff and of the lower line of another, at some x. */
function ends(system, x, first = 0, last = system.length - 1) {
  const at = (staff, line) => interpolated([x], staff.x, staff.lines[line])[0];
  return [at(system[first], 0), at(system[last], fixed.LINES - 1)];
}

/** x of the left (0) or the right (-1) end of a system at some height. */
function side(system, y, end) {
  const heights = system.map(({ lines }) => lines[MIDDLE].at(end));
  return interpolated([y], heights, system.map(({ x }) => x.at(end)))[0];
}

/** The staff space. */
function spaceOf(system) {
  const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
  const highs = system.flatMap(({ lines }) => Array.from(lines.at(-1), (y, n) => y - lines[0][n]));
  return mean(highs) / (fixed.LINES - 1);
}
