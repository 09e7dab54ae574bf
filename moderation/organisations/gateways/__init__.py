"""What organisations hear from us, and how."""
