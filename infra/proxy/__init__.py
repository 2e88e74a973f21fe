"""One origin for pages and API over HTTPS: nginx in front of a process for each function."""
