# A machine with Kubernetes on it, and the kubeconfig in AWS SSM. What a provider would do is done by `hands`.

variable "cluster" {
  type = string
}

variable "hands" {
  type        = list(string)
  description = "The command that does what a provider would do; the action is added."
}

resource "terraform_data" "machine" {
  input = { name = var.cluster, hands = var.hands }

  provisioner "local-exec" {
    interpreter = self.input.hands
    command     = "machine-create"
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = self.input.hands
    command     = "machine-delete"
  }
}

resource "terraform_data" "kubeconfig" {
  # A new machine has new certificates.
  triggers_replace = terraform_data.machine.id
  input            = { name = var.cluster, hands = var.hands }

  provisioner "local-exec" {
    interpreter = self.input.hands
    command     = "kubeconfig-create"
  }

  provisioner "local-exec" {
    when        = destroy
    interpreter = self.input.hands
    command     = "kubeconfig-delete"
  }
}
