"""Sanctions: what is done to somebody who broke a rule, and the statement of reasons."""
