"""How long each unit or phone lasts: prediction, lip-synchrony loss, exact rounding, optimal alignment."""
