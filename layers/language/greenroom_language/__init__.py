"""Analysis module `language`: what is said, in which language, about what, and how it is built."""
