"""Measurements against a floor or a peer in the same run; figures go to benchmarks/latest.json."""
