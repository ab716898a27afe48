"""The sample documents: a small drawing layer, print and camera effects, and one function a document."""
