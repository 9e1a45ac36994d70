#include "runtime/gateway/admin/limits_rows.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "runtime/gateway/admin/hex_text.h"
#include "runtime/gateway/json_text.h"
#include "runtime/limits/scope_key.h"
#include "runtime/value/civil_time.h"
#include "runtime/vm/message.h"

namespace policy::gateway {
namespace {

using nlohmann::json;
using CellId = std::pair<std::string, std::string>;  // identity and key

constexpr std::size_t kScopeTextBytesMax = 200;

// A counter as any process described it, with the limits of all of them.
struct Counter {
  json description;
  std::set<std::int64_t> limits;
};

// A cell that every process leases from.
struct SharedCell {
  bool is_in_pool = false;
  std::int64_t start_s = 0;
  std::int64_t issued = 0;
  std::int64_t idle = 0;   // leased and not used, by processes in the pool's window
  std::int64_t known = 0;  // the most that a process knows to be used, without a pool
  std::optional<std::int64_t> end_ms;
};

std::optional<std::int64_t> NumberAt(const json& members, const char* name) {
  const auto member = members.find(name);
  if (member == members.end() || !member->is_number_integer()) return std::nullopt;
  return member->get<std::int64_t>();
}

std::string TextAt(const json& members, const char* name) {
  const auto member = members.find(name);
  return member != members.end() && member->is_string() ? member->get<std::string>() : "";
}

std::string WindowText(const json& counter) {
  const std::string window = TextAt(counter, "window");
  if (TextAt(counter, "kind") == "concurrency") return "at once";
  if (window == "seconds") return std::to_string(NumberAt(counter, "seconds").value_or(0)) + "s";
  const std::string zone = TextAt(counter, "zone");
  return zone.empty() ? window : window + " " + zone;
}

// Of a number "12e-1": 1.2.
std::string NumberText(std::string_view text) {
  std::int64_t coefficient = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), coefficient);
  int exponent = 0;
  if (parsed.ec != std::errc() || parsed.ptr + 1 >= text.data() + text.size() ||
      std::from_chars(parsed.ptr + 1, text.data() + text.size(), exponent).ec != std::errc() ||
      exponent > 18 || exponent < -18) {
    return std::string(text);
  }
  if (exponent <= 0) return ScaledText(coefficient, static_cast<std::uint8_t>(-exponent));
  return std::to_string(coefficient) + std::string(static_cast<std::size_t>(exponent), '0');
}

std::string ValueText(const ScopePart& part) {
  if (part.tag == 'n') return NumberText(part.text);
  if (part.tag == 'b') return part.text == "t" ? "true" : "false";
  return std::string(part.text);
}

// The scopes with their values. `kinds`: "grant,arg:args.to".
std::string ScopeText(std::string_view kinds, std::string_view key_hex) {
  const auto key = FromHex(std::string(key_hex));
  const auto parts = key ? ParseScopeKey(*key) : std::nullopt;
  if (!parts) return std::string(kinds);
  std::string text;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    // The names of arguments may hold commas: the last scope has what is left.
    const std::size_t comma = i + 1 < parts->size() ? kinds.find(',') : std::string_view::npos;
    if (!text.empty()) text += ", ";
    text += kinds.substr(0, comma);
    if ((*parts)[i].tag != 'A') text += "=" + ValueText((*parts)[i]);
    kinds.remove_prefix(comma == std::string_view::npos ? kinds.size() : comma + 1);
  }
  return OneLine(text, kScopeTextBytesMax);
}

class Collection {
 public:
  void Add(const json& answer) {
    for (const json& counter : answer.value("counters", json::array())) AddCounter(counter);
    for (const json& cell : answer.value("pool", json::array())) {
      AddCounter(cell);
      SharedCell& shared = shared_[{TextAt(cell, "identity"), TextAt(cell, "key")}];
      shared.is_in_pool = true;
      shared.start_s = NumberAt(cell, "start_s").value_or(0);
      shared.issued = NumberAt(cell, "issued").value_or(0);
      shared.end_ms = NumberAt(cell, "end_ms");
    }
  }

  // After all pools: what processes hold of them.
  void AddCells(const json& answer) {
    for (const json& cell : answer.value("cells", json::array())) {
      const CellId id{TextAt(cell, "identity"), TextAt(cell, "key")};
      const std::int64_t used = NumberAt(cell, "used").value_or(0);
      const auto ceiling = NumberAt(cell, "ceiling");
      if (!ceiling) {
        own_.push_back(
            {id, NumberAt(answer, "process").value_or(0), used, NumberAt(cell, "end_ms")});
        continue;
      }
      SharedCell& shared = shared_[id];
      if (shared.is_in_pool) {
        const bool is_same_window = NumberAt(cell, "start_s").value_or(0) == shared.start_s;
        if (is_same_window && *ceiling > used) shared.idle += *ceiling - used;
      } else {
        shared.known = std::max(shared.known, used + NumberAt(cell, "elsewhere").value_or(0));
        shared.end_ms = NumberAt(cell, "end_ms");
      }
    }
  }

  std::vector<LimitRow> Rows() const {
    std::vector<LimitRow> rows;
    std::set<std::string> charged;
    for (const auto& [id, cell] : shared_) {
      charged.insert(id.first);
      LimitRow row = RowOf(id);
      row.is_shared = true;
      row.is_approximate = !cell.is_in_pool;
      row.used = cell.is_in_pool ? std::max<std::int64_t>(0, cell.issued - cell.idle) : cell.known;
      row.end_ms = cell.end_ms;
      AddLimits(std::move(row), rows);
    }
    for (const OwnCell& cell : own_) {
      charged.insert(cell.id.first);
      LimitRow row = RowOf(cell.id);
      row.used = cell.used;
      row.end_ms = cell.end_ms;
      row.process = cell.process;
      AddLimits(std::move(row), rows);
    }
    for (const auto& [identity, counter] : counters_) {
      if (charged.contains(identity) || counter.limits.empty()) continue;
      LimitRow row = RowOf({identity, "-"});
      row.has_cell = false;
      AddLimits(std::move(row), rows);
    }
    std::ranges::sort(rows, {}, [](const LimitRow& row) {
      return std::tie(row.server, row.grant, row.counter, row.scope, row.process, row.limit);
    });
    return rows;
  }

 private:
  struct OwnCell {
    CellId id;
    std::int64_t process = 0;
    std::int64_t used = 0;
    std::optional<std::int64_t> end_ms;
  };

  void AddCounter(const json& description) {
    Counter& counter = counters_[TextAt(description, "identity")];
    if (counter.description.is_null()) counter.description = description;
    const bool is_bucket = TextAt(description, "kind") == "bucket";
    for (const json& limit : description.value("limits", json::array())) {
      const auto max = NumberAt(limit, "max");
      const auto most = is_bucket && max != 0 ? NumberAt(limit, "burst") : max;
      if (most) counter.limits.insert(*most);
    }
  }

  LimitRow RowOf(const CellId& id) const {
    LimitRow row;
    row.identity = id.first;
    row.key = id.second;
    row.has_cell = true;
    const auto counter = counters_.find(id.first);
    if (counter == counters_.end()) return row;
    const json& description = counter->second.description;
    row.server = TextAt(description, "server");
    row.grant = TextAt(description, "grant");
    row.counter = TextAt(description, "counter");
    row.kind = TextAt(description, "kind");
    row.window = WindowText(description);
    row.scale = static_cast<std::uint8_t>(NumberAt(description, "scale").value_or(0));
    row.scope = ScopeText(TextAt(description, "scope"), id.second);
    return row;
  }

  void AddLimits(LimitRow row, std::vector<LimitRow>& rows) const {
    const auto counter = counters_.find(row.identity);
    if (counter == counters_.end() || counter->second.limits.empty()) {
      rows.push_back(std::move(row));
      return;
    }
    for (const std::int64_t limit : counter->second.limits) {
      row.limit = limit;
      rows.push_back(row);
    }
  }

  std::map<std::string, Counter> counters_;
  std::map<CellId, SharedCell> shared_;
  std::vector<OwnCell> own_;
};

std::string EndText(const LimitRow& row) {
  return row.end_ms ? FormatInstant(*row.end_ms * 1'000'000) : "-";
}

}  // namespace

std::vector<LimitRow> LimitRows(std::span<const json> answers) {
  Collection collection;
  for (const json& answer : answers) collection.Add(answer);
  for (const json& answer : answers) collection.AddCells(answer);
  return collection.Rows();
}

nlohmann::ordered_json ToJson(const LimitRow& row) {
  nlohmann::ordered_json members;
  members["server"] = row.server;
  members["grant"] = row.grant;
  members["counter"] = row.counter;
  members["kind"] = row.kind;
  members["window"] = row.window;
  members["scope"] = row.scope;
  // Texts: not every amount is a number that every reader of JSON keeps.
  if (row.limit) {
    members["limit"] = ScaledText(*row.limit, row.scale);
  } else {
    members["limit"] = nullptr;
  }
  members["used"] = ScaledText(row.used, row.scale);
  if (row.limit) {
    members["remaining"] = ScaledText(row.remaining(), row.scale);
  } else {
    members["remaining"] = nullptr;
  }
  if (row.end_ms) {
    members["window_end"] = EndText(row);
  } else {
    members["window_end"] = nullptr;
  }
  members["shared"] = row.is_shared;
  if (row.is_approximate) members["approximate"] = true;
  if (row.process != 0) members["process"] = row.process;
  return members;
}

std::string ToTable(std::span<const LimitRow> rows) {
  constexpr std::size_t kColumns = 9;
  using Line = std::array<std::string, kColumns>;
  std::vector<Line> lines = {
      {"SERVER", "GRANT", "COUNTER", "SCOPE", "WINDOW", "LIMIT", "USED", "REMAINING", "ENDS"}};
  for (const LimitRow& row : rows) {
    const std::string kind = row.kind == "fixed" || row.kind == "concurrency" ? "" : row.kind + " ";
    lines.push_back({row.server, row.grant, row.counter, row.scope, kind + row.window,
                     row.limit ? ScaledText(*row.limit, row.scale) : "-",
                     (row.is_approximate ? "~" : "") + ScaledText(row.used, row.scale),
                     row.limit ? ScaledText(row.remaining(), row.scale) : "-", EndText(row)});
  }
  std::array<std::size_t, kColumns> widths{};
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text;
  for (const Line& line : lines) {
    for (std::size_t i = 0; i < kColumns; ++i) {
      const bool is_amount = i >= 5 && i <= 7;
      const std::string room(widths[i] - line[i].size(), ' ');
      text += is_amount ? room + line[i] : line[i];
      if (i + 1 == kColumns) break;
      text += is_amount ? "  " : room + "  ";
    }
    text += '\n';
  }
  return text;
}

}  // namespace policy::gateway
