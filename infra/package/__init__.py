"""Builds what is deployed: layer and function zips and image contexts, the same bytes every time."""
