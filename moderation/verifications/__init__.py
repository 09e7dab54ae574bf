"""Verifications: a document and a selfie, checked, looked at by a person, and destroyed."""
