#!/bin/sh
# Live order book changes by curl: server-sent events need no client at all.
#
#     URL=http://127.0.0.1:4000/graphql sh examples/clients/sse.sh
#
# With an access token, for balances:  -H "authorization: Bearer $ACCESS_TOKEN"
set -eu
curl -sN --max-time "${SECONDS_TO_WATCH:-5}" "${URL:-http://127.0.0.1:4000/graphql}" \
  -H 'accept: text/event-stream' -H 'content-type: application/json' \
  -d '{"query":"subscription { bookUpdates(symbols: [\"BTC/USD\"]) { __typename ... on BookDelta { sequence previousSequence bids { price qty } asks { price qty } } ... on BookSnapshot { reason book { sequence } } } }"}' ||
  # 28 is curl's own way to say that the time is over.
  [ $? -eq 28 ]
