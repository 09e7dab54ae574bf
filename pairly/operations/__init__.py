"""Looking after a running Pairly: backups, restoring them, going back to an earlier version."""
