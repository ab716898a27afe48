"""A line recogniser of our own: convolutions, bidirectional LSTMs and CTC, or an attention decoder.

``model``, ``batches``, ``training``, ``finetune`` and ``export`` need Keras (extra ``crnn-train``);
``decoding``, ``runtime`` and what they use need onnxruntime only.
"""
