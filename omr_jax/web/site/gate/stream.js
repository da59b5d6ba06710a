// The device's camera: opening and closing it, its light, and how many cameras there are.

import { Lasting } from '../common/lasting.js';

const PROBLEMS = {
  NotAllowedError: 'This page may not use the camera: allow it in the settings of the browser.',
  NotFoundError: 'There is no camera: choose a picture instead.',
  NotReadableError: 'Another program is using the camera: close it, then start again.',
  OverconstrainedError: 'There is no such camera: choose a picture instead.',
};

/**
 * Opens a camera.
 *
 * @param {string} facing 'environment' for the camera on the back of a phone, 'user' for the front.
 * @returns {Promise<MediaStream>} Its pictures.
 * @throws {Error} No camera can be used; the message is for the user.
 */
export async function openCamera(facing) {
  if (!navigator.mediaDevices?.getUserMedia) {
    throw new Lasting(
      'No camera here: open this page by https or on localhost, or choose a picture.',
    );
  }
  // The network reads no more than this.
  const wanted = { facingMode: facing, width: { ideal: 640 }, height: { ideal: 480 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video: wanted, audio: false });
  } catch (error) {
    throw new Error(PROBLEMS[error.name] ?? `The camera does not start (${error.message}).`);
  }
}

export function closeCamera(stream) {
  stream?.getTracks().forEach((track) => track.stop());
}

export async function countCameras() {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices.filter(({ kind }) => kind === 'videoinput').length;
}

export function hasLight(stream) {
  return Boolean(stream.getVideoTracks()[0].getCapabilities?.().torch);
}

/** Turns the light on or off. It fails on some cameras that claim to have one. */
export function setLight(stream, on) {
  return stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: on }] });
}
