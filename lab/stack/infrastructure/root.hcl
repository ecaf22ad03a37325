# Of both units. `stage.json` beside it says which cluster, and where this machine has what is needed.
locals {
  stage = jsondecode(file("${get_parent_terragrunt_dir()}/stage.json"))
}

terraform_binary = local.stage.tofu

# The state is where a destroyed cluster cannot take it along, with a lock that outlives whoever took it.
remote_state {
  backend = "s3"
  generate = {
    path      = "backend.tf"
    if_exists = "overwrite"
  }
  config = merge(local.stage.state, {
    key          = "${local.stage.cluster}/${path_relative_to_include()}.tfstate"
    use_lockfile = true
  })
}

inputs = {
  cluster = local.stage.cluster
  gitops  = local.stage.gitops
  hands   = local.stage.hands
}
