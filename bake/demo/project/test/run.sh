# Every part must have been compiled.
set -eu
for part in vendor parser server assets; do
  grep -q ' ' "$part.out" || { echo "$part is missing"; exit 1; }
done
echo "4 parts, all there"
