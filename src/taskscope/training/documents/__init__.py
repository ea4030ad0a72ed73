"""Documents to train on: which relations hold among which words, and how they are written down."""
