"""What is seen: findings and figures. Knows no model and never imports torch."""
