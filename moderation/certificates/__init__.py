"""Certificates: what anybody can check about a verified account."""
