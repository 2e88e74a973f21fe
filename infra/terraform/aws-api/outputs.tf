output "bucket" {
  description = "The bucket's name."
  value       = aws_s3_bucket.store.id
}

output "url" {
  description = "Where the gateway answers. The company's proxy forwards GREENROOM_LINKS__PUBLIC_URL here."
  value       = aws_apigatewayv2_api.pages.api_endpoint
}

output "queues" {
  description = "URL of each function's queue."
  value       = { for name, queue in aws_sqs_queue.objects : name => queue.id }
}

output "dead_letters" {
  description = "URL of each function's dead letters."
  value       = { for name, queue in aws_sqs_queue.dead : name => queue.id }
}

output "functions" {
  description = "Name of each function on the platform."
  value       = { for name, function in aws_lambda_function.function : name => function.function_name }
}
