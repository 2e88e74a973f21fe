variable "bucket" {
  description = "The bucket's name."
  type        = string
  default     = "greenroom"

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9-]{2,62}$", var.bucket))
    error_message = "bucket: 3 to 63 lower-case letters, digits and hyphens."
  }
}

variable "endpoint" {
  description = "URL of the object store."
  type        = string

  validation {
    condition     = can(regex("^https?://[^/ ]+/?$", var.endpoint))
    error_message = "endpoint: a URL such as https://s3.example.com, without a path."
  }
}

variable "region" {
  description = "Region in signatures, as the store has it."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.region))
    error_message = "region: lower-case letters, digits and hyphens, as us-east-1."
  }
}

variable "origins" {
  description = "Origins of the pages, which browsers upload from: scheme, host and port."
  type        = list(string)

  validation {
    condition     = length(var.origins) > 0 && alltrue([for origin in var.origins : can(regex("^https?://[^/* ]+$", origin))])
    error_message = "origins: at least one, each as https://interviews.example.com: no path, no wildcard."
  }
}

variable "topics" {
  description = "ARN of the topic that tells each function's queue, by function. Topics are made with the store's own tool."
  type        = map(string)
  default     = {}

  validation {
    condition     = alltrue([for function in keys(var.topics) : contains(keys(local.functions), function)])
    error_message = "topics: names a function that functions.json does not have."
  }
  validation {
    condition     = alltrue([for arn in values(var.topics) : startswith(arn, "arn:")])
    error_message = "topics: each is an ARN, as `greenroom wire --topics-to` writes them."
  }
  validation {
    condition     = length(var.topics) == 0 || alltrue([for object in values(local.objects) : contains(keys(var.topics), object.function)])
    error_message = "topics: every function that objects start needs one: ${join(", ", distinct([for object in values(local.objects) : object.function]))}."
  }
}

variable "users" {
  description = "ARN of the store's user that each function signs with, by function. Without users no policy is set."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(var.users) == 0 || length(setsubtract(keys(local.functions), keys(var.users))) == 0
    error_message = "users: either none, or one for every function of functions.json."
  }
  validation {
    condition     = length(distinct(values(var.users))) == length(var.users)
    error_message = "users: two functions must not share a user."
  }
}

variable "retention" {
  description = "Days that earlier versions of objects and unfinished uploads are kept."
  type        = object({ versions = optional(number, 7), unfinished_uploads = optional(number, 2) })
  default     = {}

  validation {
    condition     = var.retention.versions >= 1 && var.retention.unfinished_uploads >= 1
    error_message = "retention: at least 1 day each."
  }
}

variable "keep_bucket" {
  description = "Refuse to destroy a bucket that still holds objects. Only a trial sets it to false."
  type        = bool
  default     = true
}
