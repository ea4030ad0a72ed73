"""Ask: tasks, prompts and the items behind them. Never imports torch."""
