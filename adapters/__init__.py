"""The adapters: one module an engine, each behind the contract of `ocr_plugins.engine`."""
