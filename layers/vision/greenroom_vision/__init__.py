"""Analysis module `vision`: when a face is in the camera's picture."""
