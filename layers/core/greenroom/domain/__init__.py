"""Pure rules of an interview: no input, no output, only the standard library and pydantic."""
