#include "runtime/transport/redis_scripts.h"

namespace policy::transport {
namespace {

// Numbers are Lua's doubles: the asking side sends none beyond 2^53.
constexpr char kCommon[] = R"lua(
local function text(n) return string.format('%.0f', n) end
local function server_ms()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
-- A cell: its window, how much of it is issued, and each replica's lease {granted, room_max, seq}.
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
      local granted, room_max, seq = string.match(value, '^(%d+) (%d+) (%d+)$')
      cell.leases[string.sub(field, 3)] =
        {granted = tonumber(granted), room_max = tonumber(room_max), seq = tonumber(seq)}
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
    'l:' .. id, text(lease.granted) .. ' ' .. text(lease.room_max) .. ' ' .. text(lease.seq))
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
  {granted = tonumber(ARGV[5]), room_max = tonumber(ARGV[6]), seq = tonumber(ARGV[8])}
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
// returned, of which window, needed, want, max, whether idle quota was recalled already, channel.
constexpr char kAsk[] = R"lua(
local id = ARGV[1]
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'server', 'clock', 'lost', 'recovering',
  'await_since')
if meta[1] ~= ARGV[2] or meta[2] ~= ARGV[3] then return {'CHANGED'} end
local now = server_ms()
if math.abs(now - tonumber(ARGV[5])) > 60000 then return {'CLOCK', text(now)} end
if now > tonumber(meta[3]) then
  redis.call('HSET', KEYS[1], 'clock', text(now))
else
  now = tonumber(meta[3])
end
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

if start * 1000 < tonumber(meta[4]) then return {'LOST'} end
local recovering = tonumber(meta[5])
local sharers = 0
local all_here = true
for _, entry in ipairs(redis.call('HVALS', KEYS[2])) do
  local seen, server = string.match(entry, '^(%d+) (.*)$')
  seen = tonumber(seen)
  if seen > now - 15000 then sharers = sharers + 1 end
  if seen >= tonumber(meta[6]) and server ~= ARGV[3] then all_here = false end
end
if recovering > 0 then
  if all_here then
    redis.call('HSET', KEYS[1], 'recovering', '0')
  elseif start * 1000 < recovering then
    return {'RECOVERING'}
  end
end

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
  local share = math.floor((bound - cell.issued) / (2 * math.max(1, sharers)))
  amount = math.max(needed, math.min(tonumber(ARGV[11]), share))
  mine.granted = mine.granted + amount
  mine.room_max = max
  cell.issued = cell.issued + amount
end
save_cell(KEYS[3], cell, id)
return {fits and 'GRANTED' or 'DRY', text(amount), text(cell.issued - mine.granted), text(now)}
)lua";

// KEYS meta, cell. ARGV id, incarnation, seq, start, amount, what the room left is good for (or
// empty), whether the replica leaves.
constexpr char kReturn[] = R"lua(
if redis.call('HGET', KEYS[1], 'incarnation') ~= ARGV[2] then return {'CHANGED'} end
local cell = load_cell(KEYS[2])
local id = ARGV[1]
if not take_back(cell, id, tonumber(ARGV[4]), tonumber(ARGV[3]), tonumber(ARGV[5])) then
  return {'OLD'}
end
if ARGV[6] ~= '' then cell.leases[id].room_max = tonumber(ARGV[6]) end
save_cell(KEYS[2], cell, id)
if ARGV[7] == '1' then redis.call('HDEL', KEYS[2], 'l:' .. id) end
return {'RETURNED'}
)lua";

// KEYS replicas. ARGV id.
constexpr char kLeave[] = R"lua(
redis.call('HDEL', KEYS[1], ARGV[1])
return {'LEFT'}
)lua";

}  // namespace

const std::array<std::string, kRedisScripts>& RedisScriptTexts() {
  static const std::array<std::string, kRedisScripts> texts = {
      std::string(kCommon) + kEnter, std::string(kCommon) + kHold,   std::string(kCommon) + kBeat,
      std::string(kCommon) + kAsk,   std::string(kCommon) + kReturn, kLeave};
  return texts;
}

}  // namespace policy::transport
