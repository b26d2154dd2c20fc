# For `packer init` of 1.7 and later only; the block is a syntax error for 1.6.6, whose amazon-ebs builder is built in.
# Validate and build the single file cpu.pkr.hcl, never this directory.
packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "= 1.3.9"
    }
  }
}
