-- Counts one request of an address in a fixed window.
-- KEYS: 1 counter. ARGV: 1 limit, 2 window in seconds. Answers 0, or the seconds left to wait.
local count = redis.call('INCR', KEYS[1])
if count == 1 then redis.call('EXPIRE', KEYS[1], ARGV[2]) end
if count > tonumber(ARGV[1]) then
  local left = redis.call('TTL', KEYS[1])
  if left < 1 then
    redis.call('EXPIRE', KEYS[1], ARGV[2])
    left = tonumber(ARGV[2])
  end
  return left
end
return 0
