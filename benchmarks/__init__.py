"""Timings of the pipeline, to be repeated."""
