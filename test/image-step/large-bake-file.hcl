variable "MAX_JOBS" {
  default = 16
}

variable "ARCH_LIST" {
  default = "8.0 9.0 10.0"
}

variable "COMMIT" {
  default = ""
}

variable "BUILD_COMMIT" {
  default = "unknown"
}

variable "BUILD_URL" {
  default = ""
}

variable "IMAGE_TAG" {
  default = "local/app:dev"
}

group "default" {
  targets = ["app"]
}

target "_common" {
  dockerfile = "docker/Dockerfile"
  context    = "."
  args = {
    max_jobs     = MAX_JOBS
    arch_list    = ARCH_LIST
    BUILD_COMMIT = BUILD_COMMIT != "unknown" ? BUILD_COMMIT : (COMMIT != "" ? COMMIT : "unknown")
    BUILD_URL    = BUILD_URL
    IMAGE_TAG    = IMAGE_TAG
  }
}

target "_labels" {
  labels = {
    "org.opencontainers.image.title"    = "app"
    "org.opencontainers.image.revision" = BUILD_COMMIT != "unknown" ? BUILD_COMMIT : (COMMIT != "" ? COMMIT : "unknown")
    "org.opencontainers.image.version"  = IMAGE_TAG
  }
  annotations = [
    "index,manifest:org.opencontainers.image.revision=${BUILD_COMMIT != "unknown" ? BUILD_COMMIT : (COMMIT != "" ? COMMIT : "unknown")}",
  ]
}

target "test" {
  inherits = ["_common", "_labels"]
  target   = "test"
  tags     = ["app:test"]
  output   = ["type=docker"]
}

target "app" {
  inherits = ["_common", "_labels"]
  target   = "app"
  tags     = ["app:latest"]
  output   = ["type=docker"]
}
