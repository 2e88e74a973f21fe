variable "name" {
  description = "Begins the name of everything that is made; the bucket bears it alone."
  type        = string
  default     = "greenroom"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,30}$", var.name))
    error_message = "name: 3 to 31 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "region" {
  description = "Region in signatures and ARNs, as the private cloud calls it."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z0-9-]+$", var.region))
    error_message = "region: lower-case letters, digits and hyphens, as us-east-1."
  }
}

variable "account" {
  description = "Account number in ARNs, as the private cloud has it."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account))
    error_message = "account: twelve digits."
  }
}

variable "endpoints" {
  description = "URL of each service inside the company."
  type = object({
    apigateway = string
    events     = string
    iam        = string
    lambda     = string
    logs       = string
    monitoring = string
    s3         = string
    sqs        = string
    sts        = string
  })

  validation {
    condition     = alltrue([for url in values(var.endpoints) : can(regex("^https?://[^/ ]+/?$", url))])
    error_message = "endpoints: each is a URL such as https://s3.cloud.example.com, without a path."
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

variable "packages" {
  description = "Folder into which `make package` wrote layers/ and functions/."
  type        = string

  validation {
    condition     = try(length(fileset(var.packages, "functions/*.zip")), 0) > 0
    error_message = "packages: no functions/*.zip lies there; run `make package`."
  }
}

variable "images" {
  description = "Image URI of each function that runs as a container, by name. All others are zips with layers."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.images), keys(local.functions))) == 0
    error_message = "images: names a function that functions.json does not have."
  }
  validation {
    condition     = alltrue([for name, function in local.functions : contains(keys(var.images), name) || length(function.layers) <= 5])
    error_message = "images: a function takes at most 5 layers as a zip; ${join(", ", [for name, function in local.functions : name if length(function.layers) > 5])} must be given an image."
  }
}

variable "settings" {
  description = "GREENROOM_… variables of docs/settings.md. Each function is given those of its own parts only."
  type        = map(string)
  sensitive   = true

  validation {
    condition     = alltrue([for name in local.required : contains(keys(var.settings), name)])
    error_message = "settings: missing ${join(", ", [for name in local.required : name if !contains(keys(var.settings), name)])}."
  }
  validation {
    condition = alltrue([for name in keys(var.settings) : anytrue([
      for part in local.parts : name == "GREENROOM_${upper(part)}" || startswith(name, "GREENROOM_${upper(part)}__")
    ])])
    error_message = "settings: a name that no function of functions.json is given; see docs/settings.md."
  }
  validation {
    condition     = !contains(keys(var.settings), "GREENROOM_STORE__BUCKET") && !contains(keys(var.settings), "GREENROOM_STORE__ACCESS_KEY")
    error_message = "settings: the bucket's name is set here, and each function reaches it by its own role, without keys."
  }
  validation {
    condition     = startswith(lookup(var.settings, "GREENROOM_DATABASE__URL", ""), "postgresql+psycopg://")
    error_message = "settings: GREENROOM_DATABASE__URL must be postgresql+psycopg://…: functions share no disk."
  }
}

variable "encryption_key_arn" {
  description = "KMS key for objects and queues; null for the store's own key (SSE-S3)."
  type        = string
  default     = null

  validation {
    condition     = var.encryption_key_arn == null || can(regex("^arn:[^:]+:kms:[^:]*:[0-9]{12}:key/.+$", var.encryption_key_arn))
    error_message = "encryption_key_arn: arn:…:kms:REGION:ACCOUNT:key/ID, or null."
  }
}

variable "network" {
  description = "Subnets and security groups of the functions, from which database, mail relay and receivers are reached; null for none."
  type        = object({ subnets = list(string), security_groups = list(string) })
  default     = null

  validation {
    condition     = try(length(var.network.subnets) > 0 && length(var.network.security_groups) > 0, var.network == null)
    error_message = "network: at least one subnet and one security group, or null."
  }
}

variable "attempts" {
  description = "How often a message is tried before it is a dead letter."
  type        = number
  default     = 8

  validation {
    condition     = var.attempts >= 2 && var.attempts <= 100 && floor(var.attempts) == var.attempts
    error_message = "attempts: a whole number from 2 to 100; with one attempt a restart would lose work to the dead letters."
  }
}

variable "retention" {
  description = "Days that logs, earlier versions of objects and unfinished uploads are kept."
  type        = object({ logs = optional(number, 90), versions = optional(number, 7), unfinished_uploads = optional(number, 2) })
  default     = {}

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731], var.retention.logs)
    error_message = "retention.logs: one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731 days."
  }
  validation {
    condition     = var.retention.versions >= 1 && var.retention.unfinished_uploads >= 1
    error_message = "retention: versions and unfinished_uploads are at least 1 day."
  }
}

variable "oldest_message_s" {
  description = "Age of the oldest waiting message, in seconds, above which a queue's alarm rings."
  type        = number
  default     = 900

  validation {
    condition     = var.oldest_message_s >= 60
    error_message = "oldest_message_s: at least 60."
  }
}

variable "alarm_actions" {
  description = "ARNs that an alarm tells."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.alarm_actions : startswith(arn, "arn:")])
    error_message = "alarm_actions: each is an ARN, as arn:aws:sns:REGION:ACCOUNT:TOPIC."
  }
}

variable "keep_bucket" {
  description = "Refuse to destroy a bucket that still holds objects. Only a trial sets it to false."
  type        = bool
  default     = true
}
