"""What is measured for the card of a trained model, one file for each measurement."""
