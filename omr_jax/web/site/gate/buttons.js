// The camera's light, and a second camera.

import { countCameras, hasLight, setLight } from './stream.js';

/**
 * @param {HTMLButtonElement} torch Turns the light on and off.
 * @param {HTMLButtonElement} turn Changes to another camera.
 * @returns {{show: function(MediaStream): Promise, hide: function()}} `show` shows the buttons that
 *   do something for a camera; `hide` hides them.
 */
export function cameraButtons(torch, turn) {
  let stream = null;

  torch.addEventListener('click', async () => {
    const on = torch.getAttribute('aria-pressed') !== 'true';
    try {
      await setLight(stream, on);
      torch.setAttribute('aria-pressed', String(on));
    } catch {
      torch.hidden = true;
    }
  });

  return {
    async show(opened) {
      stream = opened;
      const several = (await countCameras()) > 1;
      if (stream !== opened) return;
      torch.hidden = !hasLight(opened);
      turn.hidden = !several;
    },
    hide() {
      stream = null;
      torch.hidden = turn.hidden = true;
      torch.setAttribute('aria-pressed', 'false');
    },
  };
}
