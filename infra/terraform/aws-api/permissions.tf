# A role for each function, which may do what functions.json says and nothing else.
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  for_each           = local.functions
  name               = "${var.name}-${replace(each.key, "_", "-")}"
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

data "aws_iam_policy_document" "function" {
  for_each = local.functions

  dynamic "statement" {
    for_each = { for action, prefixes in {
      GetObject            = each.value.reads
      PutObject            = each.value.writes
      DeleteObject         = each.value.deletes
      DeleteObjectVersion  = each.value.deletes
      AbortMultipartUpload = each.value.deletes
    } : action => prefixes if length(prefixes) > 0 }
    iterator = permission
    content {
      sid       = permission.key
      actions   = ["s3:${permission.key}"]
      resources = [for prefix in permission.value : "arn:aws:s3:::${var.name}/${prefix}*"]
    }
  }
  statement {
    sid       = "ListBucket"
    actions   = ["s3:ListBucket"]
    resources = ["arn:aws:s3:::${var.name}"]
    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = [for prefix in each.value.reads : "${prefix}*"]
    }
  }
  dynamic "statement" {
    for_each = length(each.value.deletes) > 0 ? [each.value.deletes] : []
    content {
      sid       = "FindEveryVersion"
      actions   = ["s3:ListBucketVersions", "s3:ListBucketMultipartUploads"]
      resources = ["arn:aws:s3:::${var.name}"]
      condition {
        test     = "StringLike"
        variable = "s3:prefix"
        values   = [for prefix in statement.value : "${prefix}*"]
      }
    }
  }
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.function[each.key].arn}:*"]
  }
  dynamic "statement" {
    for_each = contains(keys(local.queues), each.key) ? [local.queue_arns[each.key]] : []
    content {
      sid       = "TakeMessages"
      actions   = ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ChangeMessageVisibility"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.encryption_key_arn == null ? [] : [var.encryption_key_arn]
    content {
      sid       = "UseKey"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
  dynamic "statement" {
    for_each = var.network == null ? [] : [true]
    content {
      sid       = "JoinNetwork"
      actions   = ["ec2:CreateNetworkInterface", "ec2:DescribeNetworkInterfaces", "ec2:DeleteNetworkInterface"]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  for_each = local.functions
  name     = "wiring"
  role     = aws_iam_role.function[each.key].id
  policy   = data.aws_iam_policy_document.function[each.key].json
}
