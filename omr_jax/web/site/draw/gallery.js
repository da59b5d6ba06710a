// All classes of symbols, to tap and to see written stroke by stroke on the paper.

import { element } from '../common/element.js';
import { boxOf, glyph, madeUp } from '../common/glyphs.js';
import { spoken } from '../common/names.js';

const SPEED = 0.12; // Units that the pen moves in a millisecond,
const PAUSE = 120; // and milliseconds between two strokes.

/**
 * Fills an element with a button for each class.
 *
 * @param {HTMLElement} place
 * @param {number} side Width and height of the paper in units.
 * @param {function(number[][][])} write Shows strokes on the paper.
 * @param {function} written Called when a symbol is finished.
 * @returns {{stop: function}} `stop` ends the writing under way.
 */
export function galleryIn(place, side, write, written) {
  let playing = 0; // Number of the last symbol that was begun.

  async function play(lines) {
    playing += 1;
    const mine = playing;
    const placed = centred(lines, side);
    if (matchMedia('(prefers-reduced-motion: reduce)').matches) write(placed);
    else await animate(placed, write, () => mine === playing);
    if (mine === playing) written();
  }

  madeUp().then((strokes) => {
    place.replaceChildren(
      ...Object.keys(strokes).map((name) => {
        const drawn = glyph(strokes[name]);
        const button = element('button', { type: 'button' }, drawn, spoken(name));
        button.dataset.name = name;
        button.addEventListener('click', () => play(strokes[name]));
        return button;
      }),
    );
  });
  return {
    stop() {
      playing += 1;
    },
  };
}

/** The strokes with the middle of their box in the middle of the paper. */
function centred(lines, side) {
  const [left, top, right, bottom] = boxOf(lines);
  const shift = [(side - left - right) / 2, (side - top - bottom) / 2];
  return lines.map((line) => line.map((point) => point.map((x, axis) => x + shift[axis])));
}

async function animate(lines, write, goesOn) {
  const done = [];
  for (const line of lines) {
    const current = [line[0]];
    done.push(current);
    let [place, wanted] = [1, 0];
    for (let before = await nextFrame(); goesOn(); ) {
      write([...done]);
      if (place >= line.length) break;
      const now = await nextFrame();
      wanted += SPEED * (now - before);
      before = now;
      while (place < line.length && wanted > 0) {
        wanted -= Math.hypot(line[place][0] - line[place - 1][0], line[place][1] - line[place - 1][1]);
        current.push(line[place]);
        place += 1;
      }
    }
    if (!goesOn()) return;
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}

function nextFrame() {
  return new Promise((resolve) => requestAnimationFrame(resolve));
}
