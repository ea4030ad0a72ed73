"""Settings shared by all tests."""

from hypothesis import settings

# Speed is measured in benchmarks; on a busy machine a deadline only makes tests fail by chance.
settings.register_profile("taskscope", deadline=None)
settings.load_profile("taskscope")
