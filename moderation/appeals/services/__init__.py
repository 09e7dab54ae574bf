"""Writes of appeals."""
