"""How the trail calls it that somebody looked at a child."""

LOOK = "look.page"
REVEAL = "identity.reveal"
ALL = (LOOK, REVEAL)
