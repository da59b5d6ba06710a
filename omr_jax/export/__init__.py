"""A finished run as files that other programs load: ONNX, jax.export, safetensors, TFLite.

Call `__main__.export`, or run `python -m omr_jax.export`. `forms` makes each file, and `examples`
has the inputs on which it is compared with JAX. `about_file` reads what a run does not know, such
as the licence; `card` writes the model card, and `metadata` adds to an exported file what it is.
`onnx_model`, `onnx_graph` and `onnx_ops` translate a jaxpr to ONNX, and `onnx_weights` stores its
weights in 8 bits. `open_set` adds the output `unknown` to an ONNX file, for the command of this
name. This folder may import predict, training and all below them.
"""
