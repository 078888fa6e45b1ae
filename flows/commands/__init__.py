"""The commands, by what they are about; `flows.cli` puts them together."""
