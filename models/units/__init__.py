"""Speech as discrete units: finding, translating and voicing them."""
