terraform {
  required_version = ">= 1.11.0"

  required_providers {
    cloudflare = {
      source  = "cloudflare/cloudflare"
      version = "~> 5.14"
    }
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.100"
    }
  }

  # The state holds the tunnel's token and that of deployments. Where it lies is in a file of your own:
  #   terraform init -backend-config=backend.hcl        see backend.r2.hcl.example and backend.s3.hcl.example
  backend "s3" {
    key          = "dropgate/terraform.tfstate"
    use_lockfile = true
  }
}

# Reads CLOUDFLARE_API_TOKEN.
provider "cloudflare" {}

provider "aws" {
  region = var.aws_region

  # Without a machine at AWS there may be no account, and the provider would refuse to start.
  access_key                  = local.at_aws ? null : "none"
  secret_key                  = local.at_aws ? null : "none"
  skip_credentials_validation = !local.at_aws
  skip_requesting_account_id  = !local.at_aws
  skip_metadata_api_check     = local.at_aws ? null : "true"

  default_tags {
    tags = { project = "dropgate" }
  }
}
