"""A finished run as files that other programs load: ONNX, jax.export, safetensors, TFLite.

Call `__main__.export`, or `python -m omr_jax.export`. `forms` makes each file and `examples` gives
the inputs that it is held to; `onnx_model`, `onnx_graph` and `onnx_ops` translate a jaxpr to ONNX.
It may import predict, training and all below them.
"""
