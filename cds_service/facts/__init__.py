"""Named facts about one baby at one moment, each known or in doubt."""
