#include "runtime/transport/redis_scripts.h"

namespace policy::transport {
namespace {

// Numbers are Lua's doubles: the asking side sends none beyond 2^53.
constexpr char kCommon[] = R"lua(
local function text(n) return string.format('%.0f', n) end
local function server_us()
  local t = redis.call('TIME')
  return t[1] * 1000000 + t[2]
end
local function server_ms() return math.floor(server_us() / 1000) end
-- Whether the pool can be asked by that replica: its clock and what was lost, or the refusal.
local function open_pool(key, incarnation, server, replica_ms)
  local meta = redis.call('HMGET', key, 'incarnation', 'server', 'clock', 'lost', 'recovering',
    'await_since')
  if meta[1] ~= incarnation or meta[2] ~= server then return nil, {'CHANGED'} end
  local now_us = server_us()
  local now = math.floor(now_us / 1000)
  if math.abs(now - tonumber(replica_ms)) > 60000 then return nil, {'CLOCK', text(now)} end
  local clock = tonumber(meta[3])
  if now > clock then
    redis.call('HSET', key, 'clock', text(now))
  elseif now < clock then
    now = clock
    now_us = clock * 1000
  end
  return {now = now, now_us = now_us, lost = tonumber(meta[4]), recovering = tonumber(meta[5]),
    await_since = tonumber(meta[6])}
end
-- How many replicas live, and whether all that are waited for have said what they hold.
local function count_replicas(pool, meta_key, key, server)
  local sharers = 0
  local all_here = true
  for _, entry in ipairs(redis.call('HVALS', key)) do
    local seen, of_server = string.match(entry, '^(%d+) (.*)$')
    seen = tonumber(seen)
    if seen > pool.now - 15000 then sharers = sharers + 1 end
    if seen >= pool.await_since and of_server ~= server then all_here = false end
  end
  if pool.recovering > 0 and all_here then
    redis.call('HSET', meta_key, 'recovering', '0')
    pool.recovering = 0
  end
  return math.max(1, sharers)
end
-- A cell: its window, how much of it is issued, and each replica's lease {granted, room_max, seq,
-- at}: `at` is when it was granted some last, in milliseconds.
local function load_cell(key)
  local cell = {issued = 0, high = 0, leases = {}}
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    if field == 'start' or field == 'issued' or field == 'high' then
      cell[field] = tonumber(value)
    elseif field == 'finish' then
      cell.finish = value == 'never' and math.huge or tonumber(value)
    elseif string.sub(field, 1, 2) == 'l:' then
      local granted, room_max, seq, at = string.match(value, '^(%d+) (%d+) (%d+) ?(%d*)$')
      cell.leases[string.sub(field, 3)] = {granted = tonumber(granted),
        room_max = tonumber(room_max), seq = tonumber(seq), at = tonumber(at) or 0}
    end
  end
  return cell
end
local function save_cell(key, cell, id)
  local lease = cell.leases[id]
  local ends = cell.finish ~= math.huge
  redis.call('HSET', key, 'start', text(cell.start),
    'finish', ends and text(cell.finish) or 'never',
    'issued', text(cell.issued), 'high', text(cell.high),
    'l:' .. id, text(lease.granted) .. ' ' .. text(lease.room_max) .. ' ' .. text(lease.seq) ..
    ' ' .. text(lease.at or 0))
  -- Long after its window: the pool's clock never goes back behind it.
  if ends then redis.call('EXPIREAT', key, text(cell.finish + 86400)) end
end
local function take_back(cell, id, start, seq, amount)
  local lease = cell.leases[id]
  if not lease or cell.start ~= start or seq <= lease.seq then return false end
  lease.seq = seq
  local taken = math.min(amount, lease.granted)
  lease.granted = lease.granted - taken
  cell.issued = cell.issued - taken
  return true
end
-- Permits that no call can hold any more are free. `life`: of a permit, with its lease.
local function drop_dead_permits(key, cell, now, life)
  cell.issued = 0
  for id, lease in pairs(cell.leases) do
    if lease.at + life < now then
      cell.leases[id] = nil
      redis.call('HDEL', key, 'l:' .. id)
    else
      cell.issued = cell.issued + lease.granted
    end
  end
end
local function seen_of(entry) return tonumber(string.match(entry, '^%d+')) end
)lua";

// KEYS meta, replicas. ARGV id, server, incarnation to make, mode, the replica's clock.
constexpr char kEnter[] = R"lua(
local now = server_ms()
if math.abs(now - tonumber(ARGV[5])) > 60000 then return {'CLOCK', text(now)} end
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'server')
if not meta[1] then
  if ARGV[4] == 'join' then return {'EMPTY'} end
  -- Who had leased from a pool that is gone: windows that began before now may be used up.
  local lost = ARGV[4] == 'lost' and now or 0
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[1], 'incarnation', ARGV[3], 'server', ARGV[2], 'clock', text(now),
    'lost', text(lost), 'recovering', '0', 'await_since', '0')
  meta[1] = ARGV[3]
elseif meta[2] ~= ARGV[2] then
  -- Another server, or the same started anew: its last writes may be missing.
  local newest = 0
  for _, entry in ipairs(redis.call('HVALS', KEYS[2])) do
    newest = math.max(newest, seen_of(entry))
  end
  redis.call('HSET', KEYS[1], 'server', ARGV[2], 'recovering', text(now),
    'await_since', text(newest - 60000))
end
local replicas = redis.call('HGETALL', KEYS[2])
for i = 1, #replicas, 2 do
  if seen_of(replicas[i + 1]) < now - 86400000 then redis.call('HDEL', KEYS[2], replicas[i]) end
end
if redis.call('HEXISTS', KEYS[2], ARGV[1]) == 0 then
  if redis.call('HLEN', KEYS[2]) >= 1024 then return {'CROWDED'} end
  redis.call('HSET', KEYS[2], ARGV[1], text(now) .. ' -')
end
return {'IN', meta[1]}
)lua";

// After Enter, for each cell. KEYS meta, cell. ARGV id, incarnation, start, finish, granted,
// room_max, issued as last seen, seq.
constexpr char kHold[] = R"lua(
if redis.call('HGET', KEYS[1], 'incarnation') ~= ARGV[2] then return {'CHANGED'} end
local cell = load_cell(KEYS[2])
local id, start = ARGV[1], tonumber(ARGV[3])
if cell.start and cell.start > start then return {'OLD'} end
if not cell.start or cell.start < start then
  redis.call('DEL', KEYS[2])
  cell = {start = start, issued = 0, high = 0, leases = {}}
  cell.finish = ARGV[4] == 'never' and math.huge or tonumber(ARGV[4])
end
cell.leases[id] =
  {granted = tonumber(ARGV[5]), room_max = tonumber(ARGV[6]), seq = tonumber(ARGV[8]),
   at = server_ms()}
local held = 0
for _, lease in pairs(cell.leases) do held = held + lease.granted end
cell.issued = math.max(cell.issued, held, tonumber(ARGV[7]))
cell.high = math.max(cell.high, tonumber(ARGV[6]))
save_cell(KEYS[2], cell, id)
return {'HELD'}
)lua";

// Says that all is held, and then that the replica is alive. KEYS meta, replicas. ARGV id,
// incarnation, server.
constexpr char kBeat[] = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'server', 'clock')
if meta[1] ~= ARGV[2] or meta[2] ~= ARGV[3] then return {'CHANGED'} end
local now = math.max(server_ms(), tonumber(meta[3]))
redis.call('HSET', KEYS[2], ARGV[1], text(now) .. ' ' .. ARGV[3])
return {'ALIVE'}
)lua";

// KEYS meta, replicas, cell. ARGV id, incarnation, server, seq, the replica's clock, start, finish,
// returned, of which window, needed, want, max, whether idle quota was recalled already, channel,
// and for Concurrency how long a permit lives with its lease (milliseconds; else 0).
constexpr char kAsk[] = R"lua(
local id = ARGV[1]
local pool, refusal = open_pool(KEYS[1], ARGV[2], ARGV[3], ARGV[5])
if not pool then return refusal end
local now = pool.now
local permit_life = tonumber(ARGV[15])
local cell = load_cell(KEYS[3])
local start = tonumber(ARGV[6])
local finish = ARGV[7] == 'never' and math.huge or tonumber(ARGV[7])
local seq = tonumber(ARGV[4])
if take_back(cell, id, tonumber(ARGV[9]), seq, tonumber(ARGV[8])) then
  save_cell(KEYS[3], cell, id)
end

if cell.start and now < cell.finish * 1000 then
  local of_cell = {text(cell.start), cell.finish == math.huge and 'never' or text(cell.finish)}
  if start < cell.start then return {'WINDOW', text(now), of_cell[1], of_cell[2]} end
  if start >= cell.finish then return {'EARLY', text(start * 1000 - now)} end
  if start ~= cell.start or finish ~= cell.finish then
    return {'DISAGREE', text(now), of_cell[1], of_cell[2]}
  end
else
  if now >= finish * 1000 then return {'WINDOW', text(now)} end
  if now < start * 1000 then return {'EARLY', text(start * 1000 - now)} end
  if cell.start and start < cell.finish then
    return {'DISAGREE', text(now), text(cell.start), text(cell.finish)}
  end
  redis.call('DEL', KEYS[3])
  cell = {start = start, finish = finish, issued = 0, high = 0, leases = {}}
end

-- What was leased before then may still be used.
local since = permit_life > 0 and now - permit_life or start * 1000
if since < pool.lost then return {'LOST'} end
local sharers = count_replicas(pool, KEYS[1], KEYS[2], ARGV[3])
if since < pool.recovering then return {'RECOVERING'} end
if permit_life > 0 then drop_dead_permits(KEYS[3], cell, now, permit_life) end

local max = tonumber(ARGV[12])
local needed = tonumber(ARGV[10])
local bound, others_hold = max, false
for other, lease in pairs(cell.leases) do
  if other ~= id and lease.granted > 0 then
    others_hold = true
    bound = math.min(bound, lease.room_max)
  end
end
cell.high = math.max(cell.high, max)
local mine = cell.leases[id] or {granted = 0, room_max = max, seq = 0}
mine.seq = math.max(mine.seq, seq)
cell.leases[id] = mine
local fits = cell.issued + needed <= bound
if not fits and others_hold and ARGV[13] == '0' then
  save_cell(KEYS[3], cell, id)
  redis.call('PUBLISH', ARGV[14],
    text(start) .. ' ' .. text(cell.high) .. ' ' .. id .. ' ' .. KEYS[3])
  return {'RECALLED'}
end
local amount = 0
if fits then
  local share = math.floor((bound - cell.issued) / (2 * sharers))
  amount = math.max(needed, math.min(tonumber(ARGV[11]), share))
  mine.granted = mine.granted + amount
  mine.room_max = max
  mine.at = now
  cell.issued = cell.issued + amount
end
save_cell(KEYS[3], cell, id)
if permit_life > 0 then redis.call('PEXPIRE', KEYS[3], text(permit_life + 86400000)) end
return {fits and 'GRANTED' or 'DRY', text(amount), text(cell.issued - mine.granted), text(now),
  text(sharers)}
)lua";

// KEYS meta, cell. ARGV id, incarnation, seq, start, amount, what the room left is good for (or
// empty), whether the replica leaves: 0, 1, or `permits`, where calls that go on keep theirs.
constexpr char kReturn[] = R"lua(
if redis.call('HGET', KEYS[1], 'incarnation') ~= ARGV[2] then return {'CHANGED'} end
local cell = load_cell(KEYS[2])
local id = ARGV[1]
if not take_back(cell, id, tonumber(ARGV[4]), tonumber(ARGV[3]), tonumber(ARGV[5])) then
  return {'OLD'}
end
if ARGV[6] ~= '' then cell.leases[id].room_max = tonumber(ARGV[6]) end
save_cell(KEYS[2], cell, id)
if ARGV[7] == '1' or (ARGV[7] == 'permits' and cell.leases[id].granted == 0) then
  redis.call('HDEL', KEYS[2], 'l:' .. id)
end
return {'RETURNED'}
)lua";

// KEYS replicas. ARGV id.
constexpr char kLeave[] = R"lua(
redis.call('HDEL', KEYS[1], ARGV[1])
return {'LEFT'}
)lua";

// KEYS meta. ARGV incarnation.
constexpr char kRelease[] = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'lost', 'recovering')
if meta[1] ~= ARGV[1] then return {'CHANGED'} end
redis.call('HSET', KEYS[1], 'lost', '0', 'recovering', '0')
local waits = meta[2] ~= '0' or meta[3] ~= '0'
return {'RELEASED', waits and '1' or '0'}
)lua";

}  // namespace

const std::array<std::string, kRedisScripts>& RedisScriptTexts() {
  static const std::array<std::string, kRedisScripts> texts = {
      std::string(kCommon) + kEnter,
      std::string(kCommon) + kHold,
      std::string(kCommon) + kBeat,
      std::string(kCommon) + kAsk,
      std::string(kCommon) + kReturn,
      kLeave,
      kRelease,
      std::string(kCommon) + RedisFlowTexts()[0],
      std::string(kCommon) + RedisFlowTexts()[1],
      std::string(kCommon) + RedisFlowTexts()[2]};
  return texts;
}

}  // namespace policy::transport
