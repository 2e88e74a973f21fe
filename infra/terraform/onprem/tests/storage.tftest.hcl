# Against a pretended store, offline.
mock_provider "aws" {}

variables {
  endpoint = "https://s3.example.com"
  origins  = ["https://interviews.example.com"]
  topics = {
    invitation    = "arn:aws:sns:default::invitation", chunk_assembly = "arn:aws:sns:default::chunk_assembly"
    quality_check = "arn:aws:sns:default::quality_check", analysis = "arn:aws:sns:default::analysis"
    status_sync   = "arn:aws:sns:default::status_sync", retention = "arn:aws:sns:default::retention"
  }
}

run "every_trigger_is_announced_to_its_topic" {
  command = apply

  assert {
    condition     = length(aws_s3_bucket_notification.store[0].topic) == length(local.objects)
    error_message = "one announcement for each object trigger of the table"
  }
  assert {
    condition     = alltrue([for topic in aws_s3_bucket_notification.store[0].topic : endswith(topic.topic_arn, split("-", topic.id)[0])])
    error_message = "a trigger reaches the topic of its own function"
  }
  assert {
    condition     = length(aws_s3_bucket_policy.store) == 0
    error_message = "without users no policy is set"
  }
}

run "a_user_for_every_function_may_do_what_the_table_says" {
  command = apply
  variables {
    users = {
      invitation     = "arn:aws:iam:::user/invitation", upload_url = "arn:aws:iam:::user/upload_url"
      chunk_assembly = "arn:aws:iam:::user/chunk_assembly", quality_check = "arn:aws:iam:::user/quality_check"
      analysis       = "arn:aws:iam:::user/analysis", status_sync = "arn:aws:iam:::user/status_sync"
      portal         = "arn:aws:iam:::user/portal", console = "arn:aws:iam:::user/console"
      retention      = "arn:aws:iam:::user/retention"
    }
  }
  assert {
    condition = [
      for statement in jsondecode(aws_s3_bucket_policy.store[0].policy).Statement : statement.Resource
      if statement.Principal.AWS == ["arn:aws:iam:::user/quality_check"] && statement.Action == ["s3:PutObject"]
    ] == [["arn:aws:s3:::greenroom/reports/*", "arn:aws:s3:::greenroom/events/*"]]
    error_message = "quality_check writes reports and events, and nothing else"
  }
  assert {
    condition = toset([
      for statement in jsondecode(aws_s3_bucket_policy.store[0].policy).Statement : statement.Principal.AWS[0]
      if statement.Action == ["s3:DeleteObject"]
    ]) == toset([for name, one in local.functions : "arn:aws:iam:::user/${name}" if length(one.deletes) > 0])
    error_message = "only the functions of the table remove objects"
  }
}

run "a_topic_is_missing" {
  command         = plan
  expect_failures = [var.topics]
  variables {
    topics = { invitation = "arn:aws:sns:default::invitation" }
  }
}

run "bad_input" {
  command         = plan
  expect_failures = [var.bucket, var.endpoint, var.origins, var.retention, var.users]
  variables {
    bucket    = "Green_Room"
    endpoint  = "s3.example.com/path"
    origins   = []
    retention = { versions = 0 }
    users     = { portal = "arn:aws:iam:::user/portal" }
    topics    = {}
  }
}
