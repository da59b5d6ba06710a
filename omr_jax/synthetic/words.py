"""Random words, and lines of them, that look like text in no language."""

import numpy as np

_ONSETS = ('b', 'c', 'd', 'f', 'g', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'st', 'tr', 'pl')
_VOWELS = ('a', 'e', 'i', 'o', 'u', 'ae', 'io')
_CODAS = ('', '', '', 'n', 's', 'r', 'm', 't')


def word(rng: np.random.Generator) -> str:
  """A random word of one to three syllables."""
  syllables = rng.integers(1, 4)
  parts = [rng.choice(sounds) for _ in range(syllables) for sounds in (_ONSETS, _VOWELS)]
  return ''.join([*parts, rng.choice(_CODAS)])


def phrase(rng: np.random.Generator, words: int) -> str:
  """The given number of random words."""
  return ' '.join(word(rng) for _ in range(words))


def lines(rng: np.random.Generator, font, width: float, count: int) -> list[str]:
  """`count` lines of text of at most `width` pixels in the font; some end early."""
  # Measuring a word is slow, so the words come from a vocabulary that is measured once.
  vocabulary = [word(rng) for _ in range(150)]
  widths = [font.getlength(one + ' ') for one in vocabulary]
  found = []
  for _ in range(count):
    line, used = [], 0.0
    room = width * (rng.uniform(0.2, 0.9) if rng.random() < 0.1 else 1)
    while True:
      index = rng.integers(len(vocabulary))
      if used + widths[index] > room:
        break
      line.append(vocabulary[index])
      used += widths[index]
    found.append(' '.join(line).capitalize() + '.' * (rng.random() < 0.2))
  return found
