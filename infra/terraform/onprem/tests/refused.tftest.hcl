# Each variable that is wrong is refused by its own name, before anything is made.
mock_provider "aws" {}

variables {
  endpoint = "https://s3.example.com"
  origins  = ["https://interviews.example.com"]
}

run "a_region_with_blanks_and_a_function_that_is_not_there" {
  command         = plan
  expect_failures = [var.region, var.topics]
  variables {
    region = "Frankfurt am Main"
    topics = { anaylsis = "arn:aws:sns:default::analysis" }
  }
}

run "topics_that_are_no_arns" {
  command         = plan
  expect_failures = [var.topics]
  variables {
    topics = {
      invitation    = "invitation", chunk_assembly = "arn:aws:sns:default::chunk_assembly"
      quality_check = "arn:aws:sns:default::quality_check", analysis = "arn:aws:sns:default::analysis"
      status_sync   = "arn:aws:sns:default::status_sync", retention = "arn:aws:sns:default::retention"
    }
  }
}

run "a_user_for_two_functions" {
  command         = plan
  expect_failures = [var.users]
  variables {
    users = {
      for name in ["invitation", "upload_url", "chunk_assembly", "quality_check", "analysis", "status_sync", "portal", "retention", "console"] :
      name => "arn:aws:iam:::user/everybody"
    }
  }
}
