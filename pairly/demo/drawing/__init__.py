"""Illustrations for the demo data: portraits of people and gallery scenes, drawn with Pillow."""
