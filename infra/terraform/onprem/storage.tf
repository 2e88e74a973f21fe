locals {
  functions = jsondecode(file("${path.module}/../functions.json")).functions
  objects = { for object in flatten([
    for name, function in local.functions : [
      for index, object in function.objects : merge(object, { function = name, id = "${name}-${index}" })
    ]
  ]) : object.id => object }

  bucket_arn = "arn:aws:s3:::${var.bucket}"
  allowed = flatten([
    for name, user in var.users : concat(
      [for action, prefixes in {
        "s3:GetObject"    = local.functions[name].reads
        "s3:PutObject"    = local.functions[name].writes
        "s3:DeleteObject" = local.functions[name].deletes
        # Every version of what is erased, and uploads that were never finished.
        "s3:DeleteObjectVersion"  = local.functions[name].deletes
        "s3:AbortMultipartUpload" = local.functions[name].deletes
        } : {
        Effect   = "Allow", Principal = { AWS = [user] }, Action = [action]
        Resource = [for prefix in prefixes : "${local.bucket_arn}/${prefix}*"]
      } if length(prefixes) > 0],
      [{ Effect = "Allow", Principal = { AWS = [user] }, Action = ["s3:ListBucket"], Resource = [local.bucket_arn] }],
      length(local.functions[name].deletes) == 0 ? [] : [{
        Effect   = "Allow", Principal = { AWS = [user] }, Action = ["s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
        Resource = [local.bucket_arn]
      }]
    )
  ])
}

# The lifecycle stands inside the bucket: as a resource of its own the provider waits for an answer header that
# Ceph never sends. The sub-resources follow one another: two at the same time lose one of them there.
resource "aws_s3_bucket" "store" {
  bucket        = var.bucket
  force_destroy = !var.keep_bucket

  lifecycle_rule {
    id      = "earlier-versions"
    enabled = true
    noncurrent_version_expiration {
      days = var.retention.versions
    }
  }
  lifecycle_rule {
    id                                     = "unfinished-uploads"
    enabled                                = true
    abort_incomplete_multipart_upload_days = var.retention.unfinished_uploads
  }
}

resource "aws_s3_bucket_versioning" "store" {
  bucket = aws_s3_bucket.store.id
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_cors_configuration" "store" {
  bucket     = aws_s3_bucket.store.id
  depends_on = [aws_s3_bucket_versioning.store]
  cors_rule {
    allowed_origins = var.origins
    allowed_methods = ["GET", "HEAD", "POST"]
    allowed_headers = ["*"]
    expose_headers  = ["ETag"]
    max_age_seconds = 3600
  }
}

resource "aws_s3_bucket_policy" "store" {
  count      = length(var.users) == 0 ? 0 : 1
  bucket     = aws_s3_bucket.store.id
  policy     = jsonencode({ Version = "2012-10-17", Statement = local.allowed })
  depends_on = [aws_s3_bucket_cors_configuration.store]
}

# The store tells a topic, the topic an AMQP exchange; the routing key is the topic's name.
resource "aws_s3_bucket_notification" "store" {
  count      = length(var.topics) == 0 ? 0 : 1
  bucket     = aws_s3_bucket.store.id
  depends_on = [aws_s3_bucket_cors_configuration.store, aws_s3_bucket_policy.store]

  dynamic "topic" {
    for_each = local.objects
    content {
      id            = topic.key
      topic_arn     = var.topics[topic.value.function]
      events        = ["s3:ObjectCreated:*"]
      filter_prefix = topic.value.prefix
      filter_suffix = topic.value.suffix
    }
  }
}

output "bucket" {
  description = "The bucket's name."
  value       = aws_s3_bucket.store.id
}
