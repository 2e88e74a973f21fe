# One queue for each function that objects start, and beside it the dead letters.
resource "aws_sqs_queue" "dead" {
  for_each                          = local.queues
  name                              = "${var.name}-${replace(each.key, "_", "-")}-dead"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = var.encryption_key_arn
  kms_data_key_reuse_period_seconds = var.encryption_key_arn == null ? null : 3600
}

resource "aws_sqs_queue" "objects" {
  for_each                          = local.queues
  name                              = "${var.name}-${replace(each.key, "_", "-")}"
  message_retention_seconds         = 1209600
  kms_master_key_id                 = var.encryption_key_arn
  kms_data_key_reuse_period_seconds = var.encryption_key_arn == null ? null : 3600
  # Six times the function's time, as the event source mapping wants it: a throttled invocation is tried again.
  visibility_timeout_seconds = each.value.timeout_s * 6
  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead[each.key].arn
    maxReceiveCount     = var.attempts
  })
}

data "aws_iam_policy_document" "queue" {
  for_each = local.queues
  statement {
    sid       = "StoreTellsOfObjects"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.objects[each.key].arn]
    principals {
      type        = "Service"
      identifiers = ["s3.amazonaws.com"]
    }
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = ["arn:aws:s3:::${var.name}"]
    }
  }
}

resource "aws_sqs_queue_policy" "objects" {
  for_each  = local.queues
  queue_url = aws_sqs_queue.objects[each.key].id
  policy    = data.aws_iam_policy_document.queue[each.key].json
}
