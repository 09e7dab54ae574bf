"""Our runner of Daphne: `python -m pairly.server`. It refuses large and slow requests early and ends in order.

Daphne and Twisted do the work; the modules here subclass them where they fall short (docs/adr/0007).
"""
