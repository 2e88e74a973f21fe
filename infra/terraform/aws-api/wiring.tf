# What everything below is made from: functions.json, seen from the platform's side.
locals {
  functions = jsondecode(file("${path.module}/../functions.json")).functions

  layers = toset(flatten([for name, function in local.functions : function.layers if !contains(keys(var.images), name)]))
  parts  = toset(flatten([for function in values(local.functions) : function.environment]))

  queues = { for name, function in local.functions : name => function if length(function.objects) > 0 }
  objects = { for object in flatten([
    for name, function in local.functions : [
      for index, object in function.objects : merge(object, { function = name, id = "${name}-${index}" })
    ]
  ]) : object.id => object }
  schedules = { for schedule in flatten([
    for name, function in local.functions : [
      for schedule in function.schedules : merge(schedule, { function = name, id = "${name}-${schedule.name}" })
    ]
  ]) : schedule.id => schedule }
  http = { for route in flatten([
    for name, function in local.functions : [
      for path in function.http : [for below in ["", "/{rest+}"] : { function = name, key = "ANY ${path}${below}" }]
    ]
  ]) : route.key => route.function }

  required = [
    "GREENROOM_DATABASE__KEYS", "GREENROOM_DATABASE__URL", "GREENROOM_ERASURE__KEY", "GREENROOM_LINKS__PUBLIC_URL", "GREENROOM_MAIL__HOST",
    "GREENROOM_STORE__ENDPOINT", "GREENROOM_TOKENS__KEY",
  ]
  given = { for name, function in local.functions : name => {
    for variable in nonsensitive(keys(var.settings)) :
    variable => var.settings[variable]
    if anytrue([for part in function.environment : variable == "GREENROOM_${upper(part)}" || startswith(variable, "GREENROOM_${upper(part)}__")])
  } }

  # ARNs are written out, not read back: a role may be made before what it names.
  queue_arns = { for name in keys(local.queues) : name => "arn:aws:sqs:${var.region}:${var.account}:${var.name}-${replace(name, "_", "-")}" }
}
