# A machine image whose BuildKit store holds the layers of the trusted branch.
#
# `warmbake ami build` runs this and answers at the two callbacks: it builds through the tunnel, so that neither the
# sources nor a credential ever reach the machine. Accepted by Packer 1.6.6 and later, from 1.7 on with the plugin for Amazon (src/ami/packer/plugin.ts).

variable "region" { type = string }
variable "source_ami" { type = string }
variable "security_group_id" { type = string }
variable "subnet_id" { type = string }

variable "image_name" { type = string }
variable "run" {
  type        = string
  description = "Id of this run."
}
variable "key_pair_name" {
  type        = string
  description = "Name of the temporary key pair, by which a later run finds it when this one is killed."
}
variable "tags" {
  type        = map(string)
  description = "On the image, its snapshots, and everything that exists while it is built."
}
variable "manifest" {
  type        = string
  description = "File that gets the id of the image; must not exist."
}
variable "callbacks" {
  type        = string
  description = "Directory in which warmbake is asked, and answers."
}
variable "tunnel_port" {
  type        = number
  description = "Port of this machine's loopback that leads to BuildKit on the other one."
}
variable "gateway_tunnels" {
  type        = list(string)
  default     = []
  description = "PORT:127.0.0.1:PORT, from the instance's loopback to the caches on this machine, as long as it is being warmed."
}
variable "gateway_patience" {
  type        = string
  default     = "5m"
  description = "A machine that refuses such a tunnel looks to Packer like one that does not start; warmbake then tries without."
}

variable "buildkit_port" {
  type        = number
  default     = 8372
  description = "Port of the instance's loopback that BuildKit listens on as long as it is being warmed."
}

variable "instance_type" {
  type    = string
  default = "r6in.large"
}
variable "root_gib" {
  type    = number
  default = 512
}
variable "root_iops" {
  type    = number
  default = 6000
}
variable "root_throughput" {
  type        = number
  default     = 500
  description = "MB/s; Packer refuses gp3 without it."
}

variable "buildkit_image" {
  type        = string
  description = "moby/buildkit by digest; its programs are copied out of it."
}
variable "buildx" {
  type        = string
  description = "Lines `MACHINE URL SHA256`, machines as `uname -m` names them."
  default     = <<-EOT
    x86_64 https://github.com/docker/buildx/releases/download/v0.29.1/buildx-v0.29.1.linux-amd64 7d2d7d6d4680aa349614965aaa33ccec43f1a9a21e908a5ce4cb6adfa5ad5141
    aarch64 https://github.com/docker/buildx/releases/download/v0.29.1/buildx-v0.29.1.linux-arm64 50e85c4e290b698908421161c1aee069bcc5d4a65b7b7201bfac3a176b223a7e
  EOT
}
variable "entitlements" {
  type        = list(string)
  default     = []
  description = "Of BuildKit's, those that builds on the image may ask for: with network.host they reach the metadata service."
}
variable "kms_key_id" {
  type        = string
  default     = ""
  description = "Key of the image's snapshots; empty leaves encryption to the account's default."
}
variable "builder_name" {
  type        = string
  default     = "baked-vllm-builder"
  description = "The agent's builder on the store; older CI scripts ask for it by this name."
}
variable "marker" {
  type    = string
  default = "/etc/vllm-ami-info"
}
variable "marker_text" {
  type        = string
  description = "KEY=VALUE lines for the marker file."
}

# How to reach AWS and the instance. The empty ones serve trials against an emulator.
variable "ssh_interface" {
  type    = string
  default = "private_ip"
}
variable "ssh_username" {
  type    = string
  default = "ec2-user"
}
variable "ssh_host" {
  type    = string
  default = ""
}
variable "ssh_port" {
  type    = number
  default = 22
}
variable "ssh_private_key_file" {
  type    = string
  default = ""
}
variable "custom_endpoint_ec2" {
  type    = string
  default = ""
}
variable "skip_checks" {
  type    = bool
  default = false
}

source "amazon-ebs" "cpu" {
  region                     = var.region
  custom_endpoint_ec2        = var.custom_endpoint_ec2
  skip_credential_validation = var.skip_checks
  skip_metadata_api_check    = var.skip_checks
  skip_region_validation     = var.skip_checks

  source_ami                  = var.source_ami
  instance_type               = var.instance_type
  security_group_id           = var.security_group_id
  subnet_id                   = var.subnet_id
  # For the way out only: nothing listens on it that the security group lets in.
  associate_public_ip_address = true
  ebs_optimized               = true

  ami_name        = var.image_name
  # Part of the request that makes the image, unlike its tags: a run that is killed in between can be told by it.
  ami_description = "warmbake run ${var.run}"
  tags            = var.tags
  snapshot_tags   = var.tags
  run_tags        = merge(var.tags, { Name = "${var.image_name} (building)" })
  run_volume_tags = var.tags
  # Snapshots of half a terabyte take longer than the default of half an hour.
  aws_polling {
    delay_seconds = 15
    max_attempts  = 480
  }

  launch_block_device_mappings {
    device_name           = "/dev/xvda"
    volume_size           = var.root_gib
    volume_type           = "gp3"
    iops                  = var.root_iops
    throughput            = var.root_throughput
    delete_on_termination = true
    encrypted             = var.kms_key_id == "" ? null : true
    kms_key_id            = var.kms_key_id == "" ? null : var.kms_key_id
  }

  communicator              = "ssh"
  ssh_interface             = var.ssh_interface
  ssh_username              = var.ssh_username
  ssh_host                  = var.ssh_host
  ssh_port                  = var.ssh_port
  ssh_private_key_file      = var.ssh_private_key_file
  ssh_timeout               = length(var.gateway_tunnels) == 0 ? "30m" : var.gateway_patience
  temporary_key_pair_name   = var.key_pair_name
  ssh_clear_authorized_keys = true
  ssh_local_tunnels         = ["${var.tunnel_port}:127.0.0.1:${var.buildkit_port}"]
  # Packer leads every local tunnel to where its last tunnel ends, of whichever kind (connectTunnels of its communicator/ssh has a closure
  # over the loop's variable): that one has to end where the local one does. Nobody uses it; sshd picks its port.
  ssh_remote_tunnels = concat(var.gateway_tunnels, [for tunnel in var.gateway_tunnels : "0:127.0.0.1:${var.buildkit_port}"])
}

build {
  sources = ["source.amazon-ebs.cpu"]

  provisioner "shell" {
    inline = ["mkdir -p /tmp/warmbake"]
  }
  provisioner "file" {
    source      = "${path.root}/files/"
    destination = "/tmp/warmbake"
  }
  provisioner "shell" {
    script           = "${path.root}/scripts/install.sh"
    execute_command  = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
    environment_vars = [
      "BUILDKIT_IMAGE=${var.buildkit_image}",
      "BUILDX=${var.buildx}",
      "ENTITLEMENTS=${join(" ", var.entitlements)}",
      "BUILDER_NAME=${var.builder_name}",
      "PORT=${var.buildkit_port}",
    ]
  }
  provisioner "shell-local" {
    script           = "${path.root}/scripts/callback.sh"
    environment_vars = ["CALLBACKS=${var.callbacks}", "STAGE=fill"]
  }
  provisioner "shell" {
    script          = "${path.root}/scripts/restart-buildkit.sh"
    execute_command = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
  }
  provisioner "shell-local" {
    script           = "${path.root}/scripts/callback.sh"
    environment_vars = ["CALLBACKS=${var.callbacks}", "STAGE=prove"]
  }
  provisioner "shell" {
    script           = "${path.root}/scripts/finish.sh"
    execute_command  = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
    environment_vars = ["MARKER=${var.marker}", "MARKER_TEXT=${var.marker_text}"]
  }
  provisioner "shell" {
    script          = "${path.root}/scripts/trim.sh"
    execute_command = "chmod +x {{ .Path }}; sudo env {{ .Vars }} {{ .Path }}"
  }

  post-processor "manifest" {
    output     = var.manifest
    strip_path = true
  }
}
