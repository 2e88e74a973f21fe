# The bucket: private, encrypted, versioned; browsers may upload and play from the pages' origins only.
resource "aws_s3_bucket" "store" {
  bucket        = var.name
  force_destroy = !var.keep_bucket
}

resource "aws_s3_bucket_public_access_block" "store" {
  bucket                  = aws_s3_bucket.store.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "store" {
  bucket = aws_s3_bucket.store.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "store" {
  bucket = aws_s3_bucket.store.id
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm     = var.encryption_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.encryption_key_arn
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "store" {
  bucket = aws_s3_bucket.store.id
  cors_rule {
    allowed_origins = var.origins
    allowed_methods = ["GET", "HEAD", "POST"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

# An object that was deleted is gone from every copy a few days later. What is kept, and how long, is the product's
# own business: the store removes nothing that it was not told to.
resource "aws_s3_bucket_lifecycle_configuration" "store" {
  bucket     = aws_s3_bucket.store.id
  depends_on = [aws_s3_bucket_versioning.store]

  rule {
    id     = "earlier-versions"
    status = "Enabled"
    filter {}
    noncurrent_version_expiration {
      noncurrent_days = var.retention.versions
    }
    expiration {
      expired_object_delete_marker = true
    }
  }
  rule {
    id     = "unfinished-uploads"
    status = "Enabled"
    filter {}
    abort_incomplete_multipart_upload {
      days_after_initiation = var.retention.unfinished_uploads
    }
  }
}

data "aws_iam_policy_document" "store" {
  statement {
    sid       = "OnlyOverTls"
    effect    = "Deny"
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.store.arn, "${aws_s3_bucket.store.arn}/*"]
    principals {
      type        = "*"
      identifiers = ["*"]
    }
    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "store" {
  count      = startswith(var.endpoints.s3, "https://") ? 1 : 0
  bucket     = aws_s3_bucket.store.id
  policy     = data.aws_iam_policy_document.store.json
  depends_on = [aws_s3_bucket_public_access_block.store]
}

resource "aws_s3_bucket_notification" "store" {
  bucket     = aws_s3_bucket.store.id
  depends_on = [aws_sqs_queue_policy.objects]

  dynamic "queue" {
    for_each = local.objects
    content {
      id            = queue.key
      queue_arn     = local.queue_arns[queue.value.function]
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = queue.value.prefix
      filter_suffix = queue.value.suffix
    }
  }
}
