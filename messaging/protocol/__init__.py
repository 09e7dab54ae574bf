"""The wire format of Pairly's end-to-end encryption, version 1: pure functions over bytes.

Server and Python client share it. No Django, no private keys, no I/O.
"""
