# The ticks: the same body as on every other platform.
resource "aws_cloudwatch_event_rule" "tick" {
  for_each            = local.schedules
  name                = "${var.name}-${replace(each.key, "_", "-")}"
  description         = "${each.value.function}: ${each.value.name}"
  schedule_expression = "rate(${each.value.minutes} ${each.value.minutes == 1 ? "minute" : "minutes"})"
}

resource "aws_cloudwatch_event_target" "tick" {
  for_each  = local.schedules
  rule      = aws_cloudwatch_event_rule.tick[each.key].name
  target_id = "function"
  arn       = aws_lambda_function.function[each.value.function].arn
  input     = jsonencode({ source = "greenroom.schedule", detail = { name = each.value.name } })
}

resource "aws_lambda_permission" "tick" {
  for_each      = local.schedules
  statement_id  = "tick-${each.value.name}"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function[each.value.function].function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.tick[each.key].arn
}
