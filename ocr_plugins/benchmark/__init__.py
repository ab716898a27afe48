"""Engines and their runtimes against the plain calls of the libraries they come from."""
