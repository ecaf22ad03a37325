# The bootstrap of Flux or Argo CD: where its repository is, and in which layers it is applied.

variable "cluster" {
  type = string
}

variable "gitops" {
  type        = string
  description = "flux or argocd"
}

variable "hands" {
  type        = list(string)
  description = "The command that does what a provider would do; the action is added."
}

resource "terraform_data" "bootstrap" {
  input = { name = var.cluster, hands = var.hands }

  provisioner "local-exec" {
    interpreter = self.input.hands
    command     = "${var.gitops}-create"
  }
}
