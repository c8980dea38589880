-- Reads the oldest entries that are not committed, up to a number and a size, at least one. If the
-- last committed entry is still there, a crashed reader owed its trim: that is done first. A stream
-- found empty counts as drained now. Or reads ahead, from a place on, without any effect.
-- KEYS: 1 stream, 2 start offset, 3 drained at. ARGV: 1 stream id of the last committed entry ('' is
-- none), 2 its entry id, 3 most entries, 4 bytes aimed at, 5 now ms, 6 the place to read ahead from ('' is
-- none).
local function field(entry, name)
  for i = 1, #entry[2], 2 do
    if entry[2][i] == name then return entry[2][i + 1] end
  end
  return ''
end
local function after(id)
  local millis, sequence = string.match(id, '^(%d+)-(%d+)$')
  return millis .. '-' .. string.format('%.0f', sequence + 1)
end

local is_ahead = ARGV[6] ~= ''
if ARGV[1] ~= '' and not is_ahead then
  local last = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
  if last and field(last, 'id') == ARGV[2] then
    redis.call('XTRIM', KEYS[1], 'MINID', after(last[1]))
    local offset = tonumber(field(last, 'offset')) or 0
    if offset > tonumber(redis.call('GET', KEYS[2]) or '0') then
      redis.call('SET', KEYS[2], string.format('%.0f', offset))
    end
  end
end

local entries, bytes, from = {}, 0, is_ahead and ARGV[6] or '-'
while #entries < tonumber(ARGV[3]) and bytes < tonumber(ARGV[4]) do
  local part = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 8)
  for _, entry in ipairs(part) do
    if #entries < tonumber(ARGV[3]) and (#entries == 0 or bytes < tonumber(ARGV[4])) then
      entries[#entries + 1] = entry
      bytes = bytes + string.len(field(entry, 'data'))
    end
    from = after(entry[1])
  end
  if #part < 8 then break end
end
if #entries == 0 and not is_ahead then redis.call('SET', KEYS[3], ARGV[5], 'EX', 604800) end
return entries
