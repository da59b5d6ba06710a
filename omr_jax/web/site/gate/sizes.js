// The size at which a picture is read. Larger pictures are reduced first, to save time.

// In pixels: the long side is reduced to the first size; but where that would blur the parts of a
// long picture, the short side to the second. The third is the longest side that browsers draw.
const LONG_SIDE = 1600;
const SHORT_SIDE = 400;
const LONGEST_SIDE = 16384;

/**
 * @param {{width: number, height: number}} picture
 * @returns {{width: number, height: number}} In pixels.
 */
export function sizeToRead(picture) {
  const [width, height] = [picture.width, picture.height];
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  const zoom = Math.min(1, LONGEST_SIDE / long, Math.max(LONG_SIDE / long, SHORT_SIDE / short));
  const reduced = (side) => Math.max(1, Math.round(side * zoom));
  return { width: reduced(width), height: reduced(height) };
}
