"""Settings shared by all tests."""

import pytest
from hypothesis import settings

# A check that several tests share must say what differs, as one in a test file does.
pytest.register_assert_rewrite("calibration_checks")

# Speed is measured in benchmarks; on a busy machine a deadline only makes tests fail by chance.
settings.register_profile("taskscope", deadline=None)
settings.load_profile("taskscope")
