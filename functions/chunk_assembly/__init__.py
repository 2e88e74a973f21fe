"""Joins verified parts into one recording per track."""
