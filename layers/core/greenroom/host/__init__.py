"""Serves handlers outside a FaaS: an ASGI app over HTTP, and a queue worker."""
