# The functions and their layers. A function whose image is given runs as a container, any other as a zip.
resource "aws_lambda_layer_version" "layer" {
  for_each            = local.layers
  layer_name          = "${var.name}-${each.key}"
  filename            = "${var.packages}/layers/${each.key}.zip"
  source_code_hash    = filebase64sha256("${var.packages}/layers/${each.key}.zip")
  compatible_runtimes = ["python3.11"]
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-${replace(each.key, "_", "-")}"
  retention_in_days = var.retention.logs
}

resource "aws_lambda_function" "function" {
  for_each      = local.functions
  function_name = "${var.name}-${replace(each.key, "_", "-")}"
  description   = each.value.summary
  role          = aws_iam_role.function[each.key].arn
  memory_size   = each.value.memory_mb
  timeout       = each.value.timeout_s
  # One above what its queue may start, so that a tick or a request is never refused for the queue's sake.
  reserved_concurrent_executions = each.value.concurrency + 1

  package_type     = contains(keys(var.images), each.key) ? "Image" : "Zip"
  image_uri        = lookup(var.images, each.key, null)
  filename         = contains(keys(var.images), each.key) ? null : "${var.packages}/functions/${each.key}.zip"
  source_code_hash = contains(keys(var.images), each.key) ? null : filebase64sha256("${var.packages}/functions/${each.key}.zip")
  handler          = contains(keys(var.images), each.key) ? null : "functions.${each.key}.app.app"
  runtime          = contains(keys(var.images), each.key) ? null : "python3.11"
  layers           = contains(keys(var.images), each.key) ? [] : [for layer in each.value.layers : aws_lambda_layer_version.layer[layer].arn]

  # What the image's own Containerfile says, too: an image of the company's making need not.
  dynamic "image_config" {
    for_each = contains(keys(var.images), each.key) ? [each.key] : []
    content {
      entry_point = ["python", "-m", "awslambdaric"]
      command     = ["functions.${image_config.value}.app.app"]
    }
  }

  # Recordings are joined and measured on disk: the largest fits.
  ephemeral_storage {
    size = contains(each.value.layers, "media") ? 10240 : 512
  }

  environment {
    variables = merge(local.given[each.key], { GREENROOM_STORE__BUCKET = aws_s3_bucket.store.id })
  }

  dynamic "vpc_config" {
    for_each = var.network == null ? [] : [var.network]
    content {
      subnet_ids         = vpc_config.value.subnets
      security_group_ids = vpc_config.value.security_groups
    }
  }

  depends_on = [aws_cloudwatch_log_group.function, aws_iam_role_policy.function]
}

# A batch with one bad message costs that message another try, not its neighbours.
resource "aws_lambda_event_source_mapping" "objects" {
  for_each                = local.queues
  event_source_arn        = aws_sqs_queue.objects[each.key].arn
  function_name           = aws_lambda_function.function[each.key].arn
  batch_size              = contains(each.value.layers, "media") ? 1 : 10
  function_response_types = ["ReportBatchItemFailures"]

  scaling_config {
    maximum_concurrency = each.value.concurrency
  }
}
