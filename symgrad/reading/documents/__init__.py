"""Documents that people write, as the formulas in them and the places where these stand."""
