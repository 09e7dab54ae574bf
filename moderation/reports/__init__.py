"""Reports: what people tell us of others, with evidence that can be checked."""
