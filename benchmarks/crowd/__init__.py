"""Simulated candidates over a real Ceph RGW, RabbitMQ and PostgreSQL: how many at once, and a whole season of them."""
