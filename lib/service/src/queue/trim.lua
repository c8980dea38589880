-- Removes committed entries and lets the facts of their sessions run out.
-- KEYS: 1 stream, 2 start offset, 3 drained at; then the facts of sessions.
-- ARGV: 1 first id to keep, 2 offset where the last committed entry ends, 3 now ms, 4 facts TTL s.
redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
local start = tonumber(redis.call('GET', KEYS[2]) or '0')
if tonumber(ARGV[2]) > start then redis.call('SET', KEYS[2], ARGV[2]) end
redis.call('SET', KEYS[3], ARGV[3], 'EX', 604800)
-- While entries wait, any of these sessions may have facts among them.
if redis.call('XLEN', KEYS[1]) == 0 then
  for i = 4, #KEYS do redis.call('EXPIRE', KEYS[i], ARGV[4]) end
end
