"""Benchmarks: each prints ratios from one run, with the machine, the date and the commit, and can write them as JSON."""
