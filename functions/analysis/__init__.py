"""Runs the analysis modules and scores the interview when every answer is in."""
