"""A reader of digit strings that looks at a picture glimpse by glimpse: recurrent attention.

`canvas` makes pictures alike, `network` reads them with NumPy, `drawing` makes numbers to learn from;
scripts/train_dram.py teaches it with Keras.
"""
