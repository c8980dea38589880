-- Appends one request to a stream and notes what it says about its sessions, in one round trip.
-- KEYS: 1 stream, 2 end offset, 3 start offset, 4 accepted counter, 5 rate counter, 6 live set,
--       7 drained at, 8 tracking that is off, 9 until when tracking is paused; then three a session: its
--       facts, its consent, its rate counter.
-- ARGV: 1 entry id, 2 data, 3 events, 4 entries max, 5 bytes max, 6 rate limit (0 is none),
--       7 rate window s, 8 kind, 9 consent (off, implied or required), 10 repeated attempt (0 or 1),
--       11 facts TTL s, 12 consent TTL s, 13 live TTL s, 14 now ms, 15 rate limit of a session (0 is
--       none), 16 look whether tracking is off or paused otherwise than the caller knows (0 or 1),
--       17 and 18 what it knows, 19 sessions; then a session: id, activity ms (0 is none), consent
--       stamp and decision ('' is none), registers, and three a register: name, 'first' or 'last',
--       stamped value.
-- A visitor's own id is kept among the facts only where the visitor agreed.
-- Answers {'ok', stream id, drained at, requests left to the address, seconds until they are counted
-- anew, the same two of the session with the fewest left ('' where there is no limit), owner of each
-- session}, {'limited', seconds, 'address' or 'session'}, {'full'}, {'controls', what is off, until when
-- paused} or {'refused', one code a session ('' where not refused)}.
local function number(value) return tonumber(value or '0') or 0 end

local sessions = number(ARGV[19])
local asked = {KEYS[8], KEYS[9], KEYS[7], KEYS[2], KEYS[3]}
for i = 1, sessions do asked[i + 5] = KEYS[8 + 3 * i] end
local values = redis.call('MGET', unpack(asked))
local off, paused, drained_at = values[1] or '', values[2] or '', values[3] or ''
local end_offset, start_offset = values[4] or '0', values[5] or '0'
local function consent_of(i) return values[i + 5] end

if ARGV[16] == '1' and ARGV[10] == '0' and (off ~= ARGV[17] or paused ~= ARGV[18]) then
  return {'controls', off, paused}
end

local is_first = false
local function counted(key, limit)
  if limit == 0 or ARGV[10] == '1' then return '', '' end
  local count = redis.call('INCR', key)
  local ttl = redis.call('TTL', key)
  if ttl < 0 then
    redis.call('EXPIRE', key, ARGV[7])
    ttl = number(ARGV[7])
  end
  is_first = is_first or count == 1
  return limit - count, ttl
end

local left, reset = counted(KEYS[5], number(ARGV[6]))
if left ~= '' and left < 0 then return {'limited', reset, 'address'} end
local session_left, session_reset = '', ''
for i = 1, sessions do
  local of_session, until_reset = counted(KEYS[9 + 3 * i], number(ARGV[15]))
  if of_session ~= '' and (session_left == '' or of_session < session_left) then
    session_left, session_reset = of_session, until_reset
  end
end
if session_left ~= '' and session_left < 0 then return {'limited', session_reset, 'session'} end

if ARGV[10] == '1' then
  for _, entry in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 32)) do
    if entry[2][2] == ARGV[1] then
      local answer = {'ok', entry[1], drained_at, '', '', '', ''}
      for i = 1, sessions do answer[i + 7] = redis.call('HGET', KEYS[7 + 3 * i], 'owner') or '' end
      return answer
    end
  end
end

if ARGV[9] ~= 'off' then
  local refused = false
  local codes = {'refused'}
  for i = 1, sessions do
    local decision = consent_of(i)
    local granted = decision and string.sub(decision, -1)
    local code = ''
    if granted == '0' then code = 'consent_denied'
    elseif not granted and ARGV[9] == 'required' then code = 'consent_missing' end
    if code ~= '' then refused = true end
    codes[i + 1] = code
  end
  if refused then return codes end
end

local size = string.len(ARGV[2])
local entries = redis.call('XLEN', KEYS[1])
if entries == 0 then
  start_offset = end_offset
  redis.call('SET', KEYS[3], start_offset)
end
local backlog = number(end_offset) - number(start_offset)
if entries >= number(ARGV[4]) or backlog + size > number(ARGV[5]) then return {'full'} end

local offset = redis.call('INCRBY', KEYS[2], size)
local id = redis.call('XADD', KEYS[1], '*',
  'id', ARGV[1], 'events', ARGV[3], 'offset', offset, 'data', ARGV[2])
redis.call('HINCRBY', KEYS[4], ARGV[8], ARGV[3])

-- Merges registers into a session's facts, and answers its owner.
local function merge(facts, at, registers, agreed)
  local names = {'owner'}
  for r = 1, registers do names[r + 1] = ARGV[at + 3 * (r - 1)] end
  local known = redis.call('HMGET', facts, unpack(names))
  local owner = known[1]
  local changed = {}
  for r = 1, registers do
    local name, keep, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    at = at + 3
    local before = known[r + 1]
    local is_kept = not before or (keep == 'first' and value < before) or (keep == 'last' and value > before)
    if is_kept and (agreed or name ~= 'visitorId') then
      changed[#changed + 1] = name
      changed[#changed + 1] = value
      if name == 'owner' then owner = value end
    end
  end
  if #changed > 0 then redis.call('HSET', facts, unpack(changed)) end
  if registers > 0 then redis.call('EXPIRE', facts, ARGV[11]) end
  return owner or ''
end

local answer = {'ok', id, drained_at, left, reset, session_left, session_reset}
local live = {}
local at = 20
for i = 1, sessions do
  local facts, consent = KEYS[7 + 3 * i], KEYS[8 + 3 * i]
  local session, activity, decision, registers = ARGV[at], ARGV[at + 1], ARGV[at + 2], number(ARGV[at + 3])
  local known = consent_of(i)
  if decision ~= '' and (not known or known < decision) then
    redis.call('SET', consent, decision, 'EX', ARGV[12])
    known = decision
  end
  local agreed = string.sub(known or '', -1) == '1'
  if decision ~= '' and not agreed then redis.call('HDEL', facts, 'visitorId') end
  answer[i + 7] = merge(facts, at + 4, registers, agreed)
  at = at + 4 + 3 * registers
  if number(activity) > 0 then
    live[#live + 1] = activity
    live[#live + 1] = session
  end
end
if #live > 0 then redis.call('ZADD', KEYS[6], 'GT', unpack(live)) end
-- Who has not been seen for long is removed with the first request of an address or session in a window.
if #live > 0 and (is_first or left == '') then
  redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', number(ARGV[14]) - 1000 * number(ARGV[13]))
  redis.call('EXPIRE', KEYS[6], ARGV[13])
end
return answer
