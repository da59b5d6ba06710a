// Where five parallel lines lie, as omr_jax/structure/comb.py finds them: a comb of five teeth is
// moved over narrow strips of the page.

import { halfToEven } from '../network/resize.js';
import { comb } from './constants.js';
import { mean } from './filters.js';

const { AROUND, BLOCK, BLOCKS, GAPS, NEAR, SLOPE_STEP, SPACE, STEEPEST, STEP } = comb;
const WEIGHT_BESIDE = 0.7; // So a tooth also finds a line that is one pixel above or below it.
const REACH = Math.ceil(3 * Math.max(...GAPS)) + 1; // Rows above and below the middle of a comb.

/** x of the middle of each strip of a picture. */
export function centres(width) {
  const strips = Math.ceil(Math.ceil(width / BLOCK) / (STEP / BLOCK));
  return Float64Array.from({ length: strips }, (_, n) => n * STEP + BLOCK / 2);
}

/**
 * The best comb at every height of every strip.
 *
 * @param {Float32Array} thin The darkness of thin horizontal things, row by row, at SPACE pixels a
 *   staff space.
 * @param {number} width
 * @returns {{score: Float32Array, slope: Float32Array, gap: Float32Array, strips: number}} For each
 *   height and strip, row by row: how much darker the five lines are than what is between, above
 *   and below them; rows down for each column to the right; and the distance of the lines.
 */
export function teeth(thin, width) {
  const strips = centres(width).length;
  const profiles = profilesOf(blocksOf(thin, width), Math.ceil(width / BLOCK), strips);
  const usual = usualOf(profiles, strips);
  const count = usual.length;
  const found = { score: new Float32Array(count).fill(-Infinity), strips };
  [found.slope, found.gap] = [new Float32Array(count), new Float32Array(count)];
  const chosen = new Uint8Array(count);
  const padded = new Float32Array(count + 2 * REACH * strips); // With paper above and below.
  const response = responder(padded, strips);
  for (let step = -NEAR; step <= NEAR; step += 1) {
    for (let i = 0; i < count; i += 1) {
      chosen[i] = Math.min(Math.max(usual[i] + step, 0), profiles.length - 1);
      padded[REACH * strips + i] = profiles[chosen[i]][i];
    }
    for (const gap of GAPS) {
      const score = response(gap);
      for (let i = 0; i < count; i += 1) {
        if (score[i] <= found.score[i]) continue;
        found.score[i] = score[i];
        found.slope[i] = slopeOf(chosen[i]);
        found.gap[i] = gap;
      }
    }
  }
  return found;
}

/** Slope of the lines of a profile: rows down for each column. */
function slopeOf(number) {
  return (number - Math.round(STEEPEST / SLOPE_STEP)) * SLOPE_STEP;
}

/** The mean of each BLOCK columns, with a part of the rows above and below: [height, blocks]. */
function blocksOf(thin, width) {
  const height = thin.length / width;
  const blocks = Math.ceil(width / BLOCK);
  const means = new Float32Array(height * blocks);
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) means[y * blocks + Math.floor(x / BLOCK)] += thin[i];
  }
  const sum = (i) => (i >= 0 && i < means.length ? means[i] : 0);
  return means.map((own, i) =>
    Math.min(1, (own + WEIGHT_BESIDE * (sum(i - blocks) + sum(i + blocks))) / BLOCK),
  );
}

/** Mean darkness along lines of each slope: arrays [height, strips]. */
function profilesOf(means, blocks, strips) {
  const [half, step] = [BLOCKS / 2, STEP / BLOCK];
  const height = means.length / blocks;
  const slopes = 2 * Math.round(STEEPEST / SLOPE_STEP) + 1;
  return Array.from({ length: slopes }, (_, number) => {
    const profile = new Float32Array(height * strips);
    for (let offset = -half; offset <= half; offset += 1) {
      const down = halfToEven(slopeOf(number) * offset * BLOCK);
      // The strips of which the picture has the block at this offset.
      const first = Math.max(0, Math.ceil(-offset / step));
      const end = Math.min(strips, Math.ceil((blocks - offset) / step));
      for (let y = Math.max(0, -down); y < Math.min(height, height - down); y += 1) {
        let i = (y + down) * blocks + offset + first * step;
        for (let s = first; s < end; s += 1, i += step) profile[y * strips + s] += means[i];
      }
    }
    return profile.map((sum) => sum / (BLOCKS + 1));
  });
}

/** For each row of each strip the number of the slope along which the lines near by are darkest. */
function usualOf(profiles, strips) {
  const most = new Float32Array(profiles[0].length).fill(-1);
  const best = new Uint8Array(most.length);
  profiles.forEach((profile, number) => {
    const energy = mean(squaresAround(profile, strips), strips, 5, 1, 'nearest');
    for (let i = 0; i < most.length; i += 1) {
      if (energy[i] > most[i]) [most[i], best[i]] = [energy[i], number];
    }
  });
  return best;
}

/** The mean of the squares of AROUND rows around each. */
function squaresAround(profile, strips) {
  const height = profile.length / strips;
  const found = new Float32Array(profile.length);
  const half = AROUND >> 1;
  const row = (y) => Math.min(Math.max(y, 0), height - 1) * strips;
  for (let s = 0; s < strips; s += 1) {
    let sum = 0;
    for (let y = -half; y < AROUND - half; y += 1) sum += profile[row(y) + s] ** 2;
    for (let y = 0; y < height; y += 1) {
      found[y * strips + s] = sum / AROUND;
      sum += profile[row(y + AROUND - half) + s] ** 2 - profile[row(y - half) + s] ** 2;
    }
  }
  return found;
}

/**
 * A function that gives the score of a comb with its middle line at each height, [height, strips],
 * from the distance of its lines. Its result is overwritten by the next call.
 */
function responder(padded, strips) {
  const count = padded.length - 2 * REACH * strips;
  const [found, above, below] = [0, 1, 2].map(() => new Float32Array(count));

  /** Adds the darkness at a tooth, so many rows below the middle line. */
  function add(sum, rows, weight) {
    const low = Math.floor(rows);
    const [upper, lower] = [weight * (1 - rows + low), weight * (rows - low)];
    const first = (REACH + low) * strips;
    for (let i = 0, j = first, k = first + strips; i < count; i += 1, j += 1, k += 1) {
      sum[i] += upper * padded[j] + lower * padded[k];
    }
  }

  return (gap) => {
    for (const each of [found, above, below]) each.fill(0);
    for (const line of [-2, -1, 0, 1, 2]) add(found, line * gap, 1 / 5);
    for (const between of [-1.5, -0.5, 0.5, 1.5]) add(found, between * gap, -1 / 4);
    add(above, -3 * gap, 1 / 2);
    add(below, 3 * gap, 1 / 2);
    for (let i = 0; i < count; i += 1) found[i] -= Math.max(above[i], below[i]);
    return found;
  };
}
