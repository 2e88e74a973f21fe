"""Analysis module `speech`: where the candidate speaks, and the pauses between."""
