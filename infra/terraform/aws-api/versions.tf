terraform {
  required_version = ">= 1.9"
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.80, < 6.0"
    }
  }
}

# Every service of the private cloud answers at an endpoint of its own; nothing is looked up elsewhere.
provider "aws" {
  region                      = var.region
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {
    apigatewayv2     = var.endpoints.apigateway
    cloudwatch       = var.endpoints.monitoring
    cloudwatchevents = var.endpoints.events
    cloudwatchlogs   = var.endpoints.logs
    iam              = var.endpoints.iam
    lambda           = var.endpoints.lambda
    s3               = var.endpoints.s3
    sqs              = var.endpoints.sqs
    sts              = var.endpoints.sts
  }

  default_tags {
    tags = { application = "greenroom", deployment = var.name }
  }
}
