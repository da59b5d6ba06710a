"""The page: a static site that runs shipped models in the browser.

`python -m omr_jax.web.build` builds it, `python -m omr_jax.web` serves it to this machine. `site/`
has its own files, `site/app.js` first; what they need to know of a model is in its `model.json`.
This folder may import utils and errors; structure and inputs, of which JavaScript repeats a part;
and, for pictures and symbols that are made up, synthetic and `tfds_builders.homus.made_up`.
"""
