#include "tests/reference/meter.h"

#include <algorithm>

namespace reference {
namespace {

__extension__ using Wide = __int128;

constexpr std::int64_t kSecondNs = 1'000'000'000;

std::int64_t SpanNs(const std::string& window) {
  if (window == "second") return kSecondNs;
  if (window == "minute") return 60 * kSecondNs;
  if (window == "hour") return 3'600 * kSecondNs;
  if (window == "day") return 86'400 * kSecondNs;
  if (window == "week") return 7 * 86'400 * kSecondNs;
  return std::stoll(window) * kSecondNs;
}

std::int64_t DivideUp(Wide value, std::int64_t by) {
  return static_cast<std::int64_t>((value + by - 1) / by);
}

// Never more than max in any span: what was used counts until the span has passed.
Standing Sliding(const Limit& limit, const std::vector<Use>& uses, std::int64_t now_ns,
                 std::int64_t amount) {
  const std::int64_t span_ns = SpanNs(limit.window);
  const auto used_at = [&](std::int64_t at_ns) {
    std::int64_t used = 0;
    for (const Use& use : uses) used += use.at_ns + span_ns > at_ns ? use.amount : 0;
    return used;
  };
  const auto has_room_at = [&](std::int64_t at_ns) {
    return limit.max_units > 0 && amount <= limit.max_units - used_at(at_ns);
  };
  Standing standing;
  standing.used = used_at(now_ns);
  standing.has_room = has_room_at(now_ns);
  for (const Use& use : uses) {
    const std::int64_t leaves_ns = use.at_ns + span_ns;
    if (leaves_ns <= now_ns || use.amount == 0) continue;
    standing.empty_ns = std::max(standing.empty_ns.value_or(leaves_ns), leaves_ns);
    if (!standing.free_ns && has_room_at(leaves_ns)) standing.free_ns = leaves_ns;
  }
  return standing;
}

// A level that uses raise and time lowers, in units times nanoseconds of the window.
Standing Bucket(const Limit& limit, const std::vector<Use>& uses, std::int64_t now_ns,
                std::int64_t amount) {
  const std::int64_t span_ns = SpanNs(limit.window);
  Wide level = 0;
  std::int64_t at_ns = 0;
  for (const Use& use : uses) {
    level = std::max<Wide>(0, level - Wide{limit.max_units} * (use.at_ns - at_ns));
    level += Wide{use.amount} * span_ns;
    at_ns = use.at_ns;
  }
  level = std::max<Wide>(0, level - Wide{limit.max_units} * (now_ns - at_ns));
  const Wide excess = level + Wide{amount} * span_ns - Wide{CapacityOf(limit)} * span_ns;
  Standing standing;
  standing.used = DivideUp(level, span_ns);
  standing.has_room = limit.max_units > 0 && excess <= 0;
  if (limit.max_units == 0) return standing;
  if (level > 0) standing.empty_ns = now_ns + DivideUp(level, limit.max_units);
  if (excess > 0) standing.free_ns = now_ns + DivideUp(excess, limit.max_units);
  return standing;
}

}  // namespace

bool HasMeter(const Limit& limit) { return limit.algorithm != "fixed"; }

std::int64_t CapacityOf(const Limit& limit) {
  if (limit.algorithm != "bucket" || limit.max_units == 0) return limit.max_units;
  return limit.burst_units.value_or(limit.max_units);
}

Standing StandingAt(const Limit& limit, const std::vector<Use>& uses, std::int64_t now_ns,
                    std::int64_t amount) {
  if (limit.algorithm == "sliding") return Sliding(limit, uses, now_ns, amount);
  if (limit.algorithm == "bucket") return Bucket(limit, uses, now_ns, amount);
  // What is under way counts, however long; nobody knows when it ends.
  Standing standing;
  for (const Use& use : uses) standing.used += use.amount;
  standing.has_room = limit.max_units > 0 && amount <= limit.max_units - standing.used;
  return standing;
}

}  // namespace reference
