# What somebody must hear of: dead letters, work that waits too long, functions that fail.
resource "aws_cloudwatch_metric_alarm" "dead" {
  for_each            = local.queues
  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-dead-letters"
  alarm_description   = "${each.key}: a message was given up. It is kept 14 days; mend the cause, then send it back."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead[each.key].name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 60
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "waiting" {
  for_each            = local.queues
  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-waiting"
  alarm_description   = "${each.key}: the oldest message has waited for more than ${var.oldest_message_s} s."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.objects[each.key].name }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.oldest_message_s
  period              = 60
  evaluation_periods  = 3
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each            = local.functions
  alarm_name          = "${var.name}-${replace(each.key, "_", "-")}-errors"
  alarm_description   = "${each.key}: invocations end with an error."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.function[each.key].function_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.alarm_actions
}
