"""What tasks do: one operator a module, in the order of the flow."""
