"""The pocket object store: the S3 that Greenroom uses, on one machine, in one folder."""
