"""Pictures that people send are decoded in processes of their own, which have little memory, little time and nothing
else: `decoders` starts them, `child` is what they run, `pixels` what they do."""
