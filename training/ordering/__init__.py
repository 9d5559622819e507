"""In which order texts teach most: what is chosen from vectors and the chances of a head. Pure."""
