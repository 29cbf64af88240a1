# The orders of a hedged basket as lines of `symbol side contracts`, tab-separated:
#   betacli hedge --plan morning -O json | jq -r -f orders.jq
# An error, an answer of another version, or a contract that is unknown ends with a message and no orders.
if .schema == "betacli/error" then error("\(.error.kind): \(.error.message)")
elif .schema != "betacli/hedge" or .schema_version != 1 then error("not a betacli/hedge of version 1")
else
  [.data.basket.legs[], .data.hedge.parts[]]
  | if any(.contracts == null) then error("contracts are unknown: \([.[] | select(.contracts == null) | .base])") else . end
  | .[]
  | select(.contracts != 0)
  | [.symbol, (if .contracts > 0 then "buy" else "sell" end), (.contracts | fabs)]
  | @tsv
end
