// The frames of a video, one after the other, each as soon as the one before has been dealt with.

/**
 * @param {HTMLVideoElement} video It plays.
 * @param {function(): boolean} goesOn Whether further frames are wanted.
 * @param {function(ImageBitmap): Promise} use Takes a frame.
 */
export async function eachFrame(video, goesOn, use) {
  while (goesOn()) {
    await nextFrame(video);
    if (goesOn() && video.videoWidth) await use(await createImageBitmap(video));
  }
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
