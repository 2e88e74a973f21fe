"""Signs uploads for one attempt at a time and seals what the candidate finished."""
