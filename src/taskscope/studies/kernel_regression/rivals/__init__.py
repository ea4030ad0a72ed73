"""One measurement for all that is held against a head's vote: other kernels, more demonstrations, rivals."""
