"""Which networks are banned, as this process knows it; PostgreSQL is the truth."""
