"""A demo company: two competency models, three templates, two candidates."""
