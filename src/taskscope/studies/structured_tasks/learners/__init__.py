"""Reference learners: what simple algorithms make of the same demonstrations as a model."""
