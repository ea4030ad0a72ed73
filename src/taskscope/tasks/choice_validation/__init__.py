"""What is wrong with a choice task, by the twenty rules of protocol inverse_scaling 4.3.

validate("mine.csv")
validate("mine.csv", Encoding("gpt2", tokenizer.encode, context=1024))
"""

from taskscope.tasks.choice_validation.check import validate, validate_task
from taskscope.tasks.choice_validation.issues import Issue, Severity
from taskscope.tasks.choice_validation.tokens import Encode, Encoding

__all__ = [
    "Encode",
    "Encoding",
    "Issue",
    "Severity",
    "validate",
    "validate_task",
]
