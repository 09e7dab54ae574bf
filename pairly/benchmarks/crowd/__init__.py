"""A crowd for scratch databases: many people who are alike to real ones where searches are concerned."""
