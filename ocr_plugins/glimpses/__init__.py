"""A reader of digit strings that looks at a picture glimpse by glimpse: recurrent attention.

`canvas` makes pictures alike, `network` reads them with NumPy, `training` teaches it with Keras on strings
that `drawing` makes.
"""
