"""Published methods as rivals on the benchmark, each in an environment of its own.

Each is a program that reads the benchmark's Parquet files and writes a submission. It needs
polars, LightGBM and its peer; docs/benchmark.md has the commands.
"""
