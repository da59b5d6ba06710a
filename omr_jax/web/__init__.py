"""The page: a static site that runs the exported models in the browser."""
