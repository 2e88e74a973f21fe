# Each variable that is wrong is refused by its own name, before anything is made.
mock_provider "aws" {
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
  images = { analysis = "registry.example.com/greenroom/analysis:1" }
  settings = {
    GREENROOM_STORE__ENDPOINT   = "https://s3.example.com", GREENROOM_DATABASE__URL = "postgresql+psycopg://db/greenroom"
    GREENROOM_TOKENS__KEY       = "0123456789abcdef0123456789abcdef", GREENROOM_MAIL__HOST = "mail.example.com"
    GREENROOM_LINKS__PUBLIC_URL = "https://interviews.example.com", GREENROOM_DATABASE__KEYS = "[]"
    GREENROOM_ERASURE__KEY      = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
  }
}

run "addresses_and_folders" {
  command         = plan
  expect_failures = [var.region, var.endpoints, var.origins, var.packages, var.network, var.alarm_actions, var.retention]
  variables {
    region = "Frankfurt am Main"
    endpoints = {
      apigateway = "cloud.example.com", events = "https://cloud.example.com", iam = "https://cloud.example.com"
      lambda     = "https://cloud.example.com", logs = "https://cloud.example.com", monitoring = "https://cloud.example.com"
      s3         = "https://s3.example.com/bucket", sqs = "https://cloud.example.com", sts = "https://cloud.example.com"
    }
    origins       = []
    packages      = "/nowhere"
    network       = { subnets = [], security_groups = ["sg-1"] }
    alarm_actions = ["oncall@example.com"]
    retention     = { versions = 0 }
  }
}

run "a_bucket_named_twice" {
  command         = plan
  expect_failures = [var.settings]
  variables {
    settings = {
      GREENROOM_STORE__ENDPOINT   = "https://s3.example.com", GREENROOM_DATABASE__URL = "postgresql+psycopg://db/greenroom"
      GREENROOM_TOKENS__KEY       = "0123456789abcdef0123456789abcdef", GREENROOM_MAIL__HOST = "mail.example.com"
      GREENROOM_LINKS__PUBLIC_URL = "https://interviews.example.com", GREENROOM_DATABASE__KEYS = "[]"
      GREENROOM_ERASURE__KEY      = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s=", GREENROOM_STORE__BUCKET = "mine"
    }
  }
}

run "a_function_with_more_layers_than_a_zip_may_have" {
  command         = plan
  expect_failures = [var.images]
  variables {
    images = {}
  }
}
