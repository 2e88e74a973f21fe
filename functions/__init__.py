"""One folder per deployable function; app.py holds its routes and triggers only."""
