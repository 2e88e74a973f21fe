"""Delivers every step of an interview to the registered webhooks, signed and in order."""
