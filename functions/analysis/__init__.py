"""Runs the analysis modules on checked answers and scores the interview when every answer is in."""
