"""Measures a recording and holds it against the template's tiers."""
