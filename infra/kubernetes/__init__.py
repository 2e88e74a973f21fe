"""Manifests for Kubernetes and Knative, made from the wiring table."""
