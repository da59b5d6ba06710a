"""Numbers as people write them."""


def duration(seconds: float) -> str:
  """Seconds in the form 1 h 02 min, 3 min 20 s or 12 s."""
  minutes, rest = divmod(round(seconds), 60)
  if minutes >= 60:
    return f'{minutes // 60} h {minutes % 60:02d} min'
  return f'{minutes} min {rest:02d} s' if minutes else f'{rest} s'
