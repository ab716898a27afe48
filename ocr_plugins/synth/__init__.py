"""Synthetic lines and pages: text, fonts, paper and cameras, with what was written as ground truth."""
