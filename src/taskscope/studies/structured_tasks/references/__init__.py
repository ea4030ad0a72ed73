"""What can be checked without a model: the reference values of the protocol, computed anew."""
