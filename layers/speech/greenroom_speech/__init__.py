"""Analysis module `speech`: where the candidate speaks, the pauses between, how fast and how lively."""
