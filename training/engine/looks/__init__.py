"""What a look at a base model looks at: where it lies, its weights, its chat template."""
