"""Organisations: members, the creators they act for, and webhooks."""
