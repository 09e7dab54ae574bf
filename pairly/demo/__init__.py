"""The demo's people, words and pictures."""
