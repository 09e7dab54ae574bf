"""Writes of sanctions."""
