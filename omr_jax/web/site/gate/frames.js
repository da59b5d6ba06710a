// The frames of a video as they come, several of them under way at the same time.

/**
 * Deals with frames until no more are wanted. A frame that comes while all are busy is left out.
 *
 * @param {HTMLVideoElement} video It plays.
 * @param {function(): boolean} goesOn Whether further frames are wanted.
 * @param {Promise<boolean>[]} ready For each of those that deal with frames: whether it can.
 * @param {function(ImageBitmap, number): Promise} use Takes a frame, and the place in `ready` of
 *   whoever deals with it.
 */
export async function eachFrame(video, goesOn, ready, use) {
  let turn = Promise.resolve(); // They take turns to wait, so that each gets a frame of its own.

  async function work(place) {
    if (!(await ready[place])) return;
    while (goesOn()) {
      turn = turn.then(() => nextFrame(video));
      await turn;
      if (goesOn() && video.videoWidth) await use(await createImageBitmap(video), place);
    }
  }

  await Promise.all(ready.map((_, place) => work(place)));
}

/** Waits until there is a frame that was not there before, as far as the browser says so. */
function nextFrame(video) {
  return new Promise((resolve) => {
    if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(resolve);
    else requestAnimationFrame(resolve);
    setTimeout(resolve, 500); // Where the video has stopped, the loop still ends.
  });
}

/** Counts how many times a second its function is called; it says so once a second. */
export function counter(say) {
  let [began, count] = [performance.now(), 0];
  return () => {
    count += 1;
    const now = performance.now();
    if (now - began < 1000) return;
    say(Math.round((1000 * count) / (now - began)));
    [began, count] = [now, 0];
  };
}
