"""Erases candidates everywhere, and deletes what is past its time."""
