// The pool's side of leasing sliding counters and buckets: what FlowLedger
// (runtime/limits/store/flow_ledger.h) does, inside the Redis. docs/limits.md lists the fields.
#include "runtime/transport/redis_scripts.h"

namespace policy::transport {
namespace {

// Instants are microseconds. Levels of buckets are amounts, as doubles, whose rounding errs on the
// safe side.
constexpr char kFlow[] = R"lua(
local kUp = 1 + 1 / 1125899906842624
local kDown = 1 - 1 / 1125899906842624
local function real(n) return string.format('%.17g', n) end
-- `parts`: of a sliding counter; 0: a bucket.
local function load_flow(key, window_us, parts)
  local flow = {key = key, window = window_us, parts = parts, sums = {}, leases = {}, gone = {},
    level = 0, at = 0, rate = 0, changed = {}}
  if parts > 0 then flow.part = window_us / parts end
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    local field, value = flat[i], flat[i + 1]
    local tag = string.sub(field, 1, 2)
    if tag == 'l:' then
      local granted, room_max, seq, finish = string.match(value, '^(%d+) (%d+) (%d+) (%d+)$')
      flow.leases[string.sub(field, 3)] = {granted = tonumber(granted),
        room_max = tonumber(room_max), seq = tonumber(seq), finish = tonumber(finish)}
    elseif tag == 'p:' then
      flow.sums[tonumber(string.sub(field, 3))] = tonumber(value)
    elseif field == 'level' or field == 'at' or field == 'rate' then
      flow[field] = tonumber(value)
    end
  end
  return flow
end
local function level_at(flow, instant)
  if instant <= flow.at then return flow.level end
  return math.max(0, flow.level - (instant - flow.at) * (flow.rate / flow.window) * kDown)
end
local function pour(flow, instant, amount)
  if amount <= 0 then return end
  flow.level = (level_at(flow, instant) + amount) * kUp
  flow.at = math.max(flow.at, instant)
end
local function add(flow, part, amount)
  flow.sums[part] = (flow.sums[part] or 0) + amount
  flow.changed[part] = true
end
local function settle(flow, id, seq, returned, used_by)
  local lease = flow.leases[id]
  if not lease or seq <= lease.seq then return end
  lease.seq = seq
  local taken = math.min(returned, lease.granted)
  if flow.parts > 0 then
    local part = math.floor(lease.finish / flow.part + 0.5) - 1
    if taken > 0 and flow.sums[part] then add(flow, part, -taken) end
  else
    pour(flow, math.min(lease.finish, used_by), lease.granted - taken)
  end
  lease.granted = 0
  lease.finish = 0
end
-- Leases end. Of a sliding counter what is left of one is heard of as long as its part counts.
local function advance(flow, now)
  for id, lease in pairs(flow.leases) do
    if flow.parts > 0 then
      if lease.finish + flow.window <= now then
        flow.leases[id] = nil
        table.insert(flow.gone, 'l:' .. id)
      end
    elseif lease.finish <= now then
      pour(flow, lease.finish, lease.granted)
      flow.leases[id] = nil
      table.insert(flow.gone, 'l:' .. id)
    end
  end
  if flow.parts > 0 then
    local oldest = math.floor(now / flow.part) - flow.parts
    for part, sum in pairs(flow.sums) do
      if part < oldest or sum <= 0 then
        flow.sums[part] = nil
        flow.changed[part] = nil
        table.insert(flow.gone, 'p:' .. text(part))
      end
    end
  end
end
local function used_of(flow, now)
  local sum = 0
  if flow.parts > 0 then
    for _, amount in pairs(flow.sums) do sum = sum + amount end
    return sum
  end
  for _, lease in pairs(flow.leases) do sum = sum + lease.granted end
  return sum + level_at(flow, now)
end
local function save_flow(flow, id, now, horizon)
  if #flow.gone > 0 then redis.call('HDEL', flow.key, unpack(flow.gone)) end
  local words = {}
  for part in pairs(flow.changed) do
    table.insert(words, 'p:' .. text(part))
    table.insert(words, text(flow.sums[part]))
  end
  local lease = flow.leases[id]
  if lease then
    table.insert(words, 'l:' .. id)
    table.insert(words, text(lease.granted) .. ' ' .. text(lease.room_max) .. ' ' ..
      text(lease.seq) .. ' ' .. text(lease.finish))
  end
  if flow.parts == 0 then
    for _, field in ipairs({'level', 'at', 'rate'}) do
      table.insert(words, field)
      table.insert(words, real(flow[field]))
    end
  end
  if #words > 0 then
    redis.call('HSET', flow.key, unpack(words))
    -- Longer than anything of it counts.
    redis.call('PEXPIRE', flow.key, text(horizon / 1000 + 86400000))
  end
end
-- From when until when something that is charged may count at most.
local function horizon_of(flow, max, burst)
  if flow.parts > 0 then return flow.window + 2 * flow.part end
  return burst * flow.window / math.max(1, max) + 2000000
end
)lua";

// KEYS meta, cell. ARGV id, incarnation, granted, room_max, what counted as last seen, how long
// ago, how long the lease lives, window, parts, seq. Only where the pool may have lost what it
// wrote last is anything added.
constexpr char kHoldFlow[] = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'recovering', 'clock')
if meta[1] ~= ARGV[2] then return {'CHANGED'} end
if meta[2] == '0' then return {'HELD'} end
local now = math.max(server_us(), tonumber(meta[3]) * 1000)
local flow = load_flow(KEYS[2], tonumber(ARGV[8]), tonumber(ARGV[9]))
advance(flow, now)
local id, granted, life = ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[7])
local seen, age = tonumber(ARGV[5]), tonumber(ARGV[6])
local horizon = flow.window + 2000000
if flow.parts > 0 then
  if age < flow.window then
    local missing = seen - used_of(flow, now)
    if missing > 0 then
      add(flow, math.floor((now - age + life) / flow.part) + 1, missing)
    end
  end
else
  -- Without a rate nothing drains until the first question.
  local missing = seen - age * flow.rate / flow.window * kDown - used_of(flow, now)
  pour(flow, now + life, missing)  -- some of it may be used until then
end
local mine = flow.leases[id]
if not mine and granted > 0 and life > 0 then
  -- What was granted is in what was seen.
  local finish = now + life
  if flow.parts > 0 then finish = (math.floor(finish / flow.part) + 1) * flow.part end
  flow.leases[id] = {granted = 0, room_max = tonumber(ARGV[4]), seq = tonumber(ARGV[10]),
    finish = finish}
end
save_flow(flow, id, now, horizon)
return {'HELD'}
)lua";

// KEYS meta, replicas, cell. ARGV id, incarnation, server, seq, the replica's clock, returned, how
// long ago the last of the rest was used, needed, want, max, burst, whether idle quota was recalled
// already, channel, window, parts.
constexpr char kAskFlow[] = R"lua(
local id = ARGV[1]
local pool, refusal = open_pool(KEYS[1], ARGV[2], ARGV[3], ARGV[5])
if not pool then return refusal end
local now = pool.now_us
local flow = load_flow(KEYS[3], tonumber(ARGV[14]), tonumber(ARGV[15]))
local seq = tonumber(ARGV[4])
settle(flow, id, seq, tonumber(ARGV[6]), now - tonumber(ARGV[7]))
advance(flow, now)
local needed, max, burst = tonumber(ARGV[8]), tonumber(ARGV[10]), tonumber(ARGV[11])
local is_sliding = flow.parts > 0
local most = is_sliding and max or burst
if not is_sliding and max ~= flow.rate then
  flow.level = level_at(flow, now)
  flow.at = math.max(flow.at, now)
  flow.rate = max
end
local horizon = horizon_of(flow, max, burst)
-- What was charged before then counts no longer.
local since = (now - horizon) / 1000
local sharers = count_replicas(pool, KEYS[1], KEYS[2], ARGV[3])
local function refuse(why)
  save_flow(flow, id, now, horizon)
  return {why}
end
if since < pool.lost then return refuse('LOST') end
if since < pool.recovering then return refuse('RECOVERING') end

local bound, others_hold = most, false
for other, lease in pairs(flow.leases) do
  if other ~= id then
    others_hold = others_hold or lease.granted > 0
    if lease.finish > now then bound = math.min(bound, lease.room_max) end
  end
end
local used = used_of(flow, now)
local fits = max > 0 and used + needed <= bound
if not fits and others_hold and ARGV[12] == '0' then
  save_flow(flow, id, now, horizon)
  redis.call('PUBLISH', ARGV[13], '0 ' .. text(most) .. ' ' .. id .. ' ' .. KEYS[3])
  return {'RECALLED'}
end
local amount, life = 0, 0
if fits then
  local share = math.floor((bound - math.ceil(used)) / (2 * sharers))
  amount = math.max(needed, math.min(tonumber(ARGV[9]), share))
  local finish
  if is_sliding then
    local part = math.floor(now / flow.part) + 1
    finish = (part + 1) * flow.part
    add(flow, part, amount)
  else
    finish = now + math.floor(math.max(20000, math.min(1000000, burst * flow.window / max / 8)))
  end
  life = finish - now
  flow.leases[id] = {granted = amount, room_max = most, seq = seq, finish = finish}
end
local frees, clears = 0, 0
local all = used_of(flow, now)
if is_sliding then
  local parts = {}
  for part in pairs(flow.sums) do table.insert(parts, part) end
  table.sort(parts)
  local left = all
  for _, part in ipairs(parts) do
    clears = (part + flow.parts + 1) * flow.part - now
    if left + needed > most then frees = clears end
    left = left - flow.sums[part]
  end
elseif max > 0 then
  frees = math.max(0, all + needed - most) * flow.window / max
  clears = all * flow.window / max
end
save_flow(flow, id, now, horizon)
return {fits and 'GRANTED' or 'DRY', text(amount), text(math.ceil(used)), text(pool.now),
  text(math.floor(life)), text(math.ceil(frees)), text(math.ceil(clears))}
)lua";

// KEYS meta, cell. ARGV id, incarnation, seq, returned, how long ago the last of the rest was used,
// window, parts.
constexpr char kReturnFlow[] = R"lua(
local meta = redis.call('HMGET', KEYS[1], 'incarnation', 'clock')
if meta[1] ~= ARGV[2] then return {'CHANGED'} end
local now = math.max(server_us(), tonumber(meta[2]) * 1000)
local flow = load_flow(KEYS[2], tonumber(ARGV[6]), tonumber(ARGV[7]))
settle(flow, ARGV[1], tonumber(ARGV[3]), tonumber(ARGV[4]), now - tonumber(ARGV[5]))
save_flow(flow, ARGV[1], now, flow.window + 2000000)
return {'RETURNED'}
)lua";

const std::string kTexts[] = {std::string(kFlow) + kHoldFlow, std::string(kFlow) + kAskFlow,
                              std::string(kFlow) + kReturnFlow};

}  // namespace

const std::array<const char*, 3>& RedisFlowTexts() {
  static const std::array<const char*, 3> texts = {kTexts[0].c_str(), kTexts[1].c_str(),
                                                   kTexts[2].c_str()};
  return texts;
}

}  // namespace policy::transport
