-- Sends the requests of a file, one after the other and then from the beginning, and tells what came of them as JSON.
-- Each request in the file is preceded by its length in a line.

local asked, last, at = {}, 0, 0

function init(args)
  local file = assert(io.open(args[1], "rb"))
  while true do
    local length = file:read("*n")
    if not length then break end
    file:read(1)
    last = last + 1
    asked[last] = file:read(length)
  end
  file:close()
end

function request()
  at = at < last and at + 1 or 1
  return asked[at]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "failed": %d, "p50_ms": %.4f, "p99_ms": %.4f}\n',
    summary.requests, summary.duration / 1e6,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3))
end
