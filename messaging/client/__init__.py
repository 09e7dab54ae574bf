"""A client of Pairly's end-to-end encryption in Python: readable, for mobile developers, tests and the demo.

Pure parts (no network): `identity`, `sealing`, `opening`, `backup`, `recovery_code`, `conversation`. Transports:
`http`, `socket`. README.md walks through the protocol step by step.
"""
