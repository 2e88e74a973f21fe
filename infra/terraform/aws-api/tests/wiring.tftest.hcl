# Against a pretended platform, offline: everything that functions.json names is made, and nothing else.
mock_provider "aws" {
  mock_resource "aws_sqs_queue" {
    defaults = { arn = "arn:aws:sqs:us-east-1:123456789012:queue" }
  }
  mock_resource "aws_s3_bucket" {
    defaults = { arn = "arn:aws:s3:::greenroom" }
  }
  mock_resource "aws_iam_role" {
    defaults = { arn = "arn:aws:iam::123456789012:role/role" }
  }
  mock_resource "aws_lambda_function" {
    defaults = {
      arn        = "arn:aws:lambda:us-east-1:123456789012:function:function"
      invoke_arn = "arn:aws:apigateway:us-east-1:lambda:path/functions/function/invocations"
    }
  }
  mock_resource "aws_lambda_layer_version" {
    defaults = { arn = "arn:aws:lambda:us-east-1:123456789012:layer:layer:1" }
  }
  mock_resource "aws_cloudwatch_event_rule" {
    defaults = { arn = "arn:aws:events:us-east-1:123456789012:rule/rule" }
  }
  mock_resource "aws_cloudwatch_log_group" {
    defaults = { arn = "arn:aws:logs:us-east-1:123456789012:log-group:group" }
  }
  mock_resource "aws_apigatewayv2_api" {
    defaults = { execution_arn = "arn:aws:execute-api:us-east-1:123456789012:api" }
  }
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }
}

variables {
  account = "123456789012"
  origins = ["https://interviews.example.com"]
  endpoints = {
    apigateway = "https://cloud.example.com", events = "https://cloud.example.com", iam = "https://cloud.example.com"
    lambda     = "https://cloud.example.com", logs = "https://cloud.example.com", monitoring = "https://cloud.example.com"
    s3         = "https://s3.example.com", sqs = "https://cloud.example.com", sts = "https://cloud.example.com"
  }
  images = {
    chunk_assembly = "registry.example.com/greenroom/chunk_assembly:1"
    quality_check  = "registry.example.com/greenroom/quality_check:1"
    analysis       = "registry.example.com/greenroom/analysis:1"
  }
  settings = {
    GREENROOM_STORE__ENDPOINT   = "https://s3.example.com"
    GREENROOM_DATABASE__URL     = "postgresql+psycopg://greenroom:secret@db.example.com/greenroom"
    GREENROOM_DATABASE__KEYS    = "[\"QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWY=\"]"
    GREENROOM_TOKENS__KEY       = "0123456789abcdef0123456789abcdef"
    GREENROOM_LINKS__PUBLIC_URL = "https://interviews.example.com"
    GREENROOM_MAIL__HOST        = "mail.example.com"
    GREENROOM_ERASURE__KEY      = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    GREENROOM_WEBHOOKS__ALLOW   = "[\"ehr.example.com\"]"
  }
}

run "everything_is_wired" {
  command = apply

  assert {
    condition     = keys(aws_lambda_function.function) == keys(local.functions)
    error_message = "every function of the table is made"
  }
  assert {
    condition     = alltrue([for name, made in aws_lambda_function.function : made.memory_size == local.functions[name].memory_mb && made.timeout == local.functions[name].timeout_s])
    error_message = "memory and time are the table's"
  }
  assert {
    condition     = length(aws_s3_bucket_notification.store.queue) == sum([for function in values(local.functions) : length(function.objects)])
    error_message = "every object trigger is announced"
  }
  assert {
    condition     = alltrue([for mapping in aws_lambda_event_source_mapping.objects : contains(mapping.function_response_types, "ReportBatchItemFailures")])
    error_message = "a bad message must not cost its neighbours a try"
  }
  assert {
    condition     = alltrue([for name, queue in aws_sqs_queue.objects : queue.visibility_timeout_seconds == 6 * local.functions[name].timeout_s])
    error_message = "a message stays hidden for longer than its function may run"
  }
  assert {
    condition     = alltrue([for name, queue in aws_sqs_queue.objects : jsondecode(queue.redrive_policy).maxReceiveCount == 8])
    error_message = "every queue gives up into its dead letters"
  }
  assert {
    condition     = length(aws_iam_role.function) == length(local.functions)
    error_message = "no two functions share a role"
  }
  assert {
    condition     = [for name in keys(local.functions) : name if contains(nonsensitive(keys(aws_lambda_function.function[name].environment[0].variables)), "GREENROOM_MAIL__HOST")] == ["invitation"]
    error_message = "only the function that mails is told of the mail relay"
  }
  assert {
    condition     = alltrue([for name, made in aws_lambda_function.function : made.package_type == (contains(keys(var.images), name) ? "Image" : "Zip")])
    error_message = "a function whose image is given runs as a container"
  }
  assert {
    condition     = sort(keys(aws_lambda_layer_version.layer)) == tolist(["core"])
    error_message = "only layers that a zip needs are made"
  }
  assert {
    condition     = aws_s3_bucket_public_access_block.store.restrict_public_buckets && length(aws_s3_bucket_policy.store) == 1
    error_message = "the bucket is private and wants TLS"
  }
  assert {
    condition     = alltrue([for name in ["console", "portal", "invitation", "upload_url", "status_sync"] : contains(values(local.http), name)])
    error_message = "every function with pages or an API is reached"
  }
}

run "a_setting_that_nobody_is_given" {
  command         = plan
  expect_failures = [var.settings]
  variables {
    settings = {
      GREENROOM_STORE__ENDPOINT   = "https://s3.example.com", GREENROOM_DATABASE__URL = "postgresql+psycopg://db/greenroom"
      GREENROOM_TOKENS__KEY       = "0123456789abcdef0123456789abcdef", GREENROOM_MAIL__HOST = "mail.example.com"
      GREENROOM_LINKS__PUBLIC_URL = "https://interviews.example.com", GREENROOM_WEBHOKS__ALLOW = "[]"
      GREENROOM_DATABASE__KEYS    = "[]", GREENROOM_ERASURE__KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    }
  }
}

run "a_required_setting_is_missing" {
  command         = plan
  expect_failures = [var.settings]
  variables {
    settings = { GREENROOM_DATABASE__URL = "postgresql+psycopg://db/greenroom" }
  }
}

run "a_database_that_functions_cannot_share" {
  command         = plan
  expect_failures = [var.settings]
  variables {
    settings = {
      GREENROOM_STORE__ENDPOINT   = "https://s3.example.com", GREENROOM_DATABASE__URL = "sqlite:////tmp/x.sqlite"
      GREENROOM_TOKENS__KEY       = "0123456789abcdef0123456789abcdef", GREENROOM_MAIL__HOST = "mail.example.com"
      GREENROOM_LINKS__PUBLIC_URL = "https://interviews.example.com", GREENROOM_DATABASE__KEYS = "[]", GREENROOM_ERASURE__KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
    }
  }
}

run "origins_without_a_wildcard" {
  command         = plan
  expect_failures = [var.origins]
  variables {
    origins = ["https://*.example.com"]
  }
}

run "other_bad_input" {
  command         = plan
  expect_failures = [var.account, var.name, var.attempts, var.images, var.retention, var.oldest_message_s, var.encryption_key_arn]
  variables {
    account            = "12"
    name               = "Green Room"
    attempts           = 1
    images             = { anaylsis = "registry.example.com/x:1" }
    retention          = { logs = 6 }
    oldest_message_s   = 1
    encryption_key_arn = "alias/key"
  }
}
