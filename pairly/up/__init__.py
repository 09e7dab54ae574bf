"""`manage.py up`: the whole product on one machine, as children of one process."""
