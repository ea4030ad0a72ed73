"""Nested calls: functions that are shown apart, asked for one inside the other."""
