# One address for pages and API. The gateway knows path prefixes; the function finds its own route below them.
resource "aws_apigatewayv2_api" "pages" {
  name          = var.name
  protocol_type = "HTTP"
}

resource "aws_apigatewayv2_integration" "function" {
  for_each               = toset(values(local.http))
  api_id                 = aws_apigatewayv2_api.pages.id
  integration_type       = "AWS_PROXY"
  integration_uri        = aws_lambda_function.function[each.key].invoke_arn
  payload_format_version = "1.0"
}

resource "aws_apigatewayv2_route" "path" {
  for_each  = local.http
  api_id    = aws_apigatewayv2_api.pages.id
  route_key = each.key
  target    = "integrations/${aws_apigatewayv2_integration.function[each.value].id}"
}

resource "aws_apigatewayv2_stage" "pages" {
  api_id      = aws_apigatewayv2_api.pages.id
  name        = "$default"
  auto_deploy = true
}

resource "aws_lambda_permission" "request" {
  for_each      = toset(values(local.http))
  statement_id  = "request"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.function[each.key].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.pages.execution_arn}/*/*"
}
