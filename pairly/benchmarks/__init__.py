"""What `make bench` measures: ratios taken in one run on one machine, never single times."""
