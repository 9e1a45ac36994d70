// The counters of a state directory as an operator reads them: what its processes say, put
// together.
#ifndef RUNTIME_GATEWAY_ADMIN_LIMITS_ROWS_H_
#define RUNTIME_GATEWAY_ADMIN_LIMITS_ROWS_H_

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace policy::gateway {

// One limit on one cell; a counter that was never charged has one without a cell. Amounts are units
// of 10^-scale.
struct LimitRow {
  std::string server;
  std::string grant;
  std::string counter;
  std::string kind;
  std::string window;  // "day Europe/Berlin", "60s", "lifetime", "" for calls at once
  std::string scope;   // "grant=local, arg:to=ann"; of a counter never charged "grant, arg:to"
  std::uint8_t scale = 0;
  std::optional<std::int64_t> limit;  // none: no policy in force has a limit on it
  std::int64_t used = 0;
  std::optional<std::int64_t> end_ms;  // Unix time when nothing of it counts any more
  bool is_shared = false;              // with other processes
  bool is_approximate = false;         // what other processes hold is as the store last said
  std::string identity;                // in hexadecimal digits, as limits.set wants it
  std::string key;                     // likewise; meaningless without has_cell
  bool has_cell = false;
  std::int64_t process = 0;  // of a cell that is not shared

  std::int64_t remaining() const { return limit && *limit > used ? *limit - used : 0; }
};

// `answers` to limits.list, of the processes of one directory. Sorted by server, grant, counter,
// scope.
std::vector<LimitRow> LimitRows(std::span<const nlohmann::json> answers);

nlohmann::ordered_json ToJson(const LimitRow& row);
// A table, with a head; its lines end in newlines.
std::string ToTable(std::span<const LimitRow> rows);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_LIMITS_ROWS_H_
