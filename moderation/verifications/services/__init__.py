"""Writes of verifications."""
