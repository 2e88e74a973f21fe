"""`greenroom demo`: the whole chain driven from outside, as HR's system and a candidate's client would."""
