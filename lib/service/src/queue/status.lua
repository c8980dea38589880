-- How full each stream is. KEYS: 1 accepted counter; then a stream: itself, its end, its start.
-- ARGV: the streams' names. Answers {entries, bytes, oldest id, events accepted} a stream.
local rows = {}
for i, kind in ipairs(ARGV) do
  local at = 3 * i - 1
  local oldest = redis.call('XRANGE', KEYS[at], '-', '+', 'COUNT', 1)[1]
  local bytes = tonumber(redis.call('GET', KEYS[at + 1]) or '0')
    - tonumber(redis.call('GET', KEYS[at + 2]) or '0')
  rows[i] = {redis.call('XLEN', KEYS[at]), bytes, oldest and oldest[1] or '',
    tonumber(redis.call('HGET', KEYS[1], kind) or '0')}
end
return rows
