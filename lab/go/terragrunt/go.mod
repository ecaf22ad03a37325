// The replacements of upstream that are needed to build it.
module firedrill/lab/terragrunt

go 1.26

require github.com/gruntwork-io/terragrunt v1.1.3

replace (
	atomicgo.dev/cursor => github.com/atomicgo/cursor v0.2.0
	atomicgo.dev/keyboard => github.com/atomicgo/keyboard v0.2.9
	atomicgo.dev/schedule => github.com/atomicgo/schedule v0.1.0
	github.com/getsops/sops/v3 => github.com/getsops/sops/v3 v3.12.2
	github.com/hashicorp/terraform => github.com/hashicorp/terraform v0.15.3
	github.com/hashicorp/vault => github.com/hashicorp/vault v1.4.2
	github.com/tencentcloud/tencentcloud-sdk-go v3.0.82+incompatible => github.com/tencentcloud/tencentcloud-sdk-go v0.0.0-20190816164403-f8fa457a3c72
	github.com/terraform-linters/tflint => github.com/terraform-linters/tflint v0.50.3
)
