"""What the outside relies on. `generate` writes the parts that come from the code."""
