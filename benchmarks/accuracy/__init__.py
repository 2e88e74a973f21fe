"""How often a defect made on purpose is found, and found where it is: `make eval`."""
