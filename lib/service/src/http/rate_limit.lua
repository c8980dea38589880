-- Counts one request in a fixed window.
-- KEYS: 1 counter. ARGV: 1 window in seconds. Answers the count and the seconds left of the window.
local count = redis.call('INCR', KEYS[1])
local left = redis.call('TTL', KEYS[1])
if count == 1 or left < 1 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  left = tonumber(ARGV[1])
end
return {count, left}
