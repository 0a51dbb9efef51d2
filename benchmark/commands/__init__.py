"""The commands of `mettle`, by what they are for. Everything heavy is imported by the command that needs it."""
