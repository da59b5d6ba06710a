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
  for (let step = -NEAR; step <= NEAR; step += 1) {
    for (let i = 0; i < count; i += 1) {
      chosen[i] = Math.min(Math.max(usual[i] + step, 0), profiles.length - 1);
      padded[REACH * strips + i] = profiles[chosen[i]][i];
    }
    const lowered = loweredBy(padded, strips);
    for (const gap of GAPS) improve(found, lowered, gap, chosen);
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
  const sums = new Float32Array((height + 2) * blocks); // With paper above and below.
  for (let y = 0, i = 0, j = blocks; y < height; y += 1) {
    for (let x = 0; x < width; j += 1) {
      let sum = 0;
      for (const end = Math.min(x + BLOCK, width); x < end; x += 1, i += 1) sum += thin[i];
      sums[j] = sum;
    }
  }
  const means = new Float32Array(height * blocks);
  for (let i = 0, j = blocks; i < means.length; i += 1, j += 1) {
    means[i] = Math.min(1, (sums[j] + WEIGHT_BESIDE * (sums[i] + sums[j + blocks])) / BLOCK);
  }
  return means;
}

/** Mean darkness along lines of each slope: arrays [height, strips]. */
function profilesOf(means, blocks, strips) {
  const [half, step] = [BLOCKS / 2, STEP / BLOCK];
  const height = means.length / blocks;
  const most = Math.ceil(STEEPEST * half * BLOCK); // Rows above and below, of paper.
  const stride = half + Math.max(blocks, step * strips) + half;
  const padded = new Float32Array((height + 2 * most) * stride);
  for (let y = 0; y < height; y += 1) {
    padded.set(means.subarray(y * blocks, (y + 1) * blocks), (y + most) * stride + half);
  }
  const slopes = 2 * Math.round(STEEPEST / SLOPE_STEP) + 1;
  return Array.from({ length: slopes }, (_, number) => {
    // Where the blocks of a line are, from the one in its middle.
    const places = Int32Array.from({ length: BLOCKS + 1 }, (_, n) => {
      const offset = n - half;
      return halfToEven(slopeOf(number) * offset * BLOCK) * stride + offset;
    });
    const profile = new Float32Array(height * strips);
    for (let y = 0, i = 0; y < height; y += 1) {
      const first = (y + most) * stride + half;
      for (let s = 0; s < strips; s += 1, i += 1) {
        let sum = 0;
        for (let n = 0; n < places.length; n += 1) sum += padded[first + s * step + places[n]];
        profile[i] = sum / (BLOCKS + 1);
      }
    }
    return profile;
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
  const sums = new Float64Array(strips); // Of the rows around the present one.
  const half = AROUND >> 1;
  const row = (y) => Math.min(Math.max(y, 0), height - 1) * strips;
  for (let y = -half; y < AROUND - half; y += 1) {
    for (let s = 0, i = row(y); s < strips; s += 1, i += 1) sums[s] += profile[i] ** 2;
  }
  for (let y = 0, i = 0; y < height; y += 1) {
    let [come, gone] = [row(y + AROUND - half), row(y - half)];
    for (let s = 0; s < strips; s += 1, i += 1, come += 1, gone += 1) {
      found[i] = sums[s] / AROUND;
      sums[s] += profile[come] ** 2 - profile[gone] ** 2;
    }
  }
  return found;
}

/**
 * A function that gives the values of a profile as they are between rows, some share of a row below
 * each. The teeth of all combs need the same few shares, so these are computed once.
 */
function loweredBy(profile, strips) {
  const known = new Map();
  return (share) => {
    const key = share.toFixed(6);
    if (!known.has(key)) {
      const found = new Float32Array(profile.length - strips);
      const part = Number(key);
      for (let i = 0; i < found.length; i += 1) {
        found[i] = profile[i] + part * (profile[i + strips] - profile[i]);
      }
      known.set(key, found);
    }
    return known.get(key);
  };
}

/** Takes the comb whose lines have this distance, at each height where its score is a better one. */
function improve({ score, slope, gap, strips }, lowered, distance, chosen) {
  // Its teeth on lines, between them, and above and below all.
  const [line1, line2, line3, line4, line5] = [-2, -1, 0, 1, 2].map(tooth);
  const [between1, between2, between3, between4] = [-1.5, -0.5, 0.5, 1.5].map(tooth);
  const [above, below] = [-3, 3].map(tooth);

  /** What a tooth finds at each place, so many gaps below it. */
  function tooth(gaps) {
    const row = Math.floor(gaps * distance);
    return lowered(gaps * distance - row).subarray((REACH + row) * strips);
  }

  for (let i = 0; i < score.length; i += 1) {
    const lines = line1[i] + line2[i] + line3[i] + line4[i] + line5[i];
    const between = between1[i] + between2[i] + between3[i] + between4[i];
    const found = lines / 5 - between / 4 - Math.max(above[i], below[i]) / 2;
    if (found <= score[i]) continue;
    [score[i], slope[i], gap[i]] = [found, slopeOf(chosen[i]), distance];
  }
}
