-- Reads the oldest entries that are not committed. If the last committed entry is still there, a
-- crashed reader owed its trim: that is done first.
-- KEYS: 1 stream, 2 start offset. ARGV: 1 stream id of the last committed entry ('' is none),
-- 2 its entry id, 3 most entries.
if ARGV[1] ~= '' then
  local last = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
  if last then
    local fields = {}
    for i = 1, #last[2], 2 do fields[last[2][i]] = last[2][i + 1] end
    if (fields.id or '') == ARGV[2] then
      local millis, sequence = string.match(last[1], '^(%d+)-(%d+)$')
      redis.call('XTRIM', KEYS[1], 'MINID', millis .. '-' .. string.format('%.0f', sequence + 1))
      local start = tonumber(redis.call('GET', KEYS[2]) or '0')
      if tonumber(fields.offset or '0') > start then redis.call('SET', KEYS[2], fields.offset) end
    end
  end
end
return redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', ARGV[3])
