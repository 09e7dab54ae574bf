"""Appeals: a decision is looked at again, by somebody else."""
