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
if ARGV[16] == '1' and ARGV[10] == '0' then
  local off, paused = redis.call('GET', KEYS[8]) or '', redis.call('GET', KEYS[9]) or ''
  if off ~= ARGV[17] or paused ~= ARGV[18] then return {'controls', off, paused} end
end

local function counted(key, limit)
  if limit == 0 or ARGV[10] == '1' then return '', '' end
  local count = redis.call('INCR', key)
  local ttl = redis.call('TTL', key)
  if count == 1 or ttl < 0 then
    redis.call('EXPIRE', key, ARGV[7])
    ttl = number(ARGV[7])
  end
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
      local answer = {'ok', entry[1], redis.call('GET', KEYS[7]) or '', '', '', '', ''}
      for i = 1, sessions do answer[i + 7] = redis.call('HGET', KEYS[7 + 3 * i], 'owner') or '' end
      return answer
    end
  end
end

if ARGV[9] ~= 'off' then
  local refused = false
  local codes = {'refused'}
  for i = 1, sessions do
    local decision = redis.call('GET', KEYS[8 + 3 * i])
    local granted = decision and string.sub(decision, -1)
    local code = ''
    if granted == '0' then code = 'consent_denied'
    elseif not granted and ARGV[9] == 'required' then code = 'consent_missing' end
    if code ~= '' then refused = true end
    codes[i + 1] = code
  end
  if refused then return codes end
end

if redis.call('XLEN', KEYS[1]) == 0 then
  redis.call('SET', KEYS[3], redis.call('GET', KEYS[2]) or '0')
end
local size = string.len(ARGV[2])
local backlog = number(redis.call('GET', KEYS[2])) - number(redis.call('GET', KEYS[3]))
if redis.call('XLEN', KEYS[1]) >= number(ARGV[4]) or backlog + size > number(ARGV[5]) then
  return {'full'}
end

local offset = redis.call('INCRBY', KEYS[2], size)
local id = redis.call('XADD', KEYS[1], '*',
  'id', ARGV[1], 'events', ARGV[3], 'offset', offset, 'data', ARGV[2])
redis.call('HINCRBY', KEYS[4], ARGV[8], ARGV[3])

local answer = {'ok', id, redis.call('GET', KEYS[7]) or '', left, reset, session_left, session_reset}
local at = 20
for i = 1, sessions do
  local facts, consent = KEYS[7 + 3 * i], KEYS[8 + 3 * i]
  local session, activity, decision, registers = ARGV[at], ARGV[at + 1], ARGV[at + 2], number(ARGV[at + 3])
  at = at + 4
  if decision ~= '' then
    local known = redis.call('GET', consent)
    if not known or known < decision then redis.call('SET', consent, decision, 'EX', ARGV[12]) end
  end
  local agreed = string.sub(redis.call('GET', consent) or '', -1) == '1'
  if decision ~= '' and not agreed then redis.call('HDEL', facts, 'visitorId') end
  for _ = 1, registers do
    local name, keep, value = ARGV[at], ARGV[at + 1], ARGV[at + 2]
    at = at + 3
    local known = redis.call('HGET', facts, name)
    if name == 'visitorId' and not agreed then
      redis.call('HDEL', facts, name)
    elseif not known or (keep == 'first' and value < known) or (keep == 'last' and value > known) then
      redis.call('HSET', facts, name, value)
    end
  end
  if registers > 0 then redis.call('EXPIRE', facts, ARGV[11]) end
  if number(activity) > 0 then
    redis.call('ZADD', KEYS[6], 'GT', activity, session)
  end
  answer[i + 7] = redis.call('HGET', facts, 'owner') or ''
end
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', number(ARGV[14]) - 1000 * number(ARGV[13]))
if redis.call('EXISTS', KEYS[6]) == 1 then redis.call('EXPIRE', KEYS[6], ARGV[13]) end
return answer
