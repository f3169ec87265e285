"""What leaves the studio for a mixer, an editor of picture, or a broadcaster: stems, timelines, and the report on them."""
