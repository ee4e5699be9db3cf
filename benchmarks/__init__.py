"""Measurements, not tests: `make bench` prints what docs/benchmarks.md keeps."""
