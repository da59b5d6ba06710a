"""Pictures like photos: always the same, never alike, of any brightness, full of edges."""

import numpy as np

from omr_jax.synthetic import scenes


def test_each_follows_from_its_number():
  first, more = dict(scenes.scenes(3)), dict(scenes.scenes(4))
  assert list(more) == ['scene 1', 'scene 2', 'scene 3', 'scene 4']
  for name, picture in first.items():
    np.testing.assert_array_equal(picture, more[name])
  assert [picture.shape for picture in more.values()] == [
    (480, 640, 3),
    (640, 480, 3),
    (560, 560, 3),
    (480, 640, 3),
  ]


def test_they_differ_in_light_and_colour():
  """White pages must not be the only light pictures, nor grey ones the only colourless ones."""
  pictures = [scenes.scene(np.random.default_rng(seed), 60, 80) for seed in range(60)]
  assert all(picture.dtype == np.uint8 for picture in pictures)
  light = np.array([picture.mean() for picture in pictures])
  assert light.min() < 80 and light.max() > 180
  spread = np.array([picture.std() for picture in pictures])
  assert (spread < 30).any() and (spread > 60).any()
  colour = np.array([np.ptp(picture.mean((0, 1))) for picture in pictures])
  assert (colour < 20).any() and (colour > 60).any()


def test_any_size():
  for size in ((1, 1), (2, 9), (33, 5)):
    for seed in range(20):
      assert scenes.scene(np.random.default_rng(seed), *size).shape == (*size, 3)


def test_cloud_falls_with_frequency():
  """An amplitude of 1 / f: a power of 1 / 4 from one octave to the next, per frequency."""
  noise = scenes._cloud(np.random.default_rng(0), 256, 256, 1)
  assert abs(noise.mean()) < 1e-9 and abs(noise.std() - 1) < 1e-9
  power = np.abs(np.fft.rfft2(noise)) ** 2
  frequency = np.hypot(np.fft.fftfreq(256, 1 / 256)[:, None], np.fft.rfftfreq(256, 1 / 256))
  near = [power[np.abs(frequency - f) < 1].mean() for f in (16, 32, 64)]
  np.testing.assert_allclose(np.array(near[:-1]) / near[1:], 4, rtol=0.25)


def test_outlines_stay_within_reach():
  """`_lay` draws within 1.6 half lengths of the middle, and cuts what is beyond."""
  rng = np.random.default_rng(0)
  reach = [np.hypot(*scenes._outline(rng).T).max() for _ in range(400)]
  assert min(reach) >= 0.4 and max(reach) < 1.6
