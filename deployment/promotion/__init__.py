"""What goes live, step by step, and the way back."""
