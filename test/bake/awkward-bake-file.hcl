# Everything that decides about layers, with texts that a second evaluation would change.
target "app" {
  context = "."
  contexts = { base = "target:base", image = "docker-image://example.com/x:1", dir = "./$${sub}" }
  dockerfile-inline = "FROM scratch\nENV A=\"$${x}\" B=\"%%{y}\""
  args = { A = "$${lit}", B = "%%{p}", C = "$$$${x}", D = "$x $$y", "k$${z}" = "1", N = null }
  labels = { "l$${k}" = "%%{ if true }", plain = "a\"b\\c" }
  annotations = ["index:x=$${an}"]
  secret = ["id=token,env=TOKEN", "id=file,src=./$${file}"]
  attest = ["type=provenance,mode=max", "type=sbom,disabled=true"]
  platforms = ["linux/amd64", "linux/arm64"]
  no-cache-filter = ["stage"]
  pull = true
  shm-size = "1g"
  ulimits = ["nofile=1024:1024"]
  tags = ["theirs/$${tag}:1"]
  output = ["type=local,dest=out"]
  cache-from = ["type=gha"]
  cache-to = ["type=registry,ref=theirs/main:latest"]
}
target "base" {
  dockerfile-inline = "FROM scratch"
  tags = ["theirs/base:latest"]
  output = ["type=registry"]
  cache-to = ["type=registry,ref=theirs/main:latest"]
}
