# compile.sh FILE ROUNDS: hashes FILE with four megabytes of padding ROUNDS times, each on the result of the last, and
# prints 40 kB for each round, which the hash decides: an object file, as far as a cache can tell.
set -eu
sum=$(sha256sum < "$1")
round=0
while [ "$round" -lt "$2" ]; do
  sum=$( { echo "$sum"; head -c 4000000 /dev/zero; } | sha256sum)
  round=$((round + 1))
done
echo "$1 $sum"
seed=$((0x$(echo "$sum" | head -c 7)))
awk -v seed="$seed" -v lines="$(($2 * 5000))" 'BEGIN { srand(seed); while (lines--) printf "%07x\n", rand() * 268435456 }'
