"""Analysis module `screen`: what happens on the shared screen, and when."""
