#include "runtime/gateway/admin/limits_admin.h"

#include <unistd.h>

#include <algorithm>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "runtime/gateway/admin/hex_text.h"
#include "runtime/limits/identity_key.h"
#include "runtime/limits/meter.h"
#include "runtime/limits/window.h"
#include "runtime/program/layout.h"
#include "runtime/value/civil_time.h"
#include "runtime/vm/message.h"

namespace policy::gateway {
namespace {

using nlohmann::json;

constexpr std::size_t kBecauseBytesMax = 1'024;

// The identity's parts that a reader wants to know.
void Describe(const CounterIdentity& identity, json& counter) {
  constexpr std::string_view kKinds[] = {"fixed", "sliding", "bucket", "concurrency"};
  constexpr std::string_view kWindows[] = {"seconds", "day", "week", "month", "lifetime"};
  const std::size_t separator = identity.attachment.find('\x1F');
  counter["identity"] = ToHex(IdentityKey(identity));
  counter["server"] = identity.attachment.substr(0, separator);
  counter["grant"] =
      separator == std::string::npos ? "" : identity.attachment.substr(separator + 1);
  counter["counter"] = identity.name;
  counter["kind"] = kKinds[static_cast<std::size_t>(identity.kind)];
  counter["window"] = kWindows[static_cast<std::size_t>(identity.window)];
  counter["seconds"] = identity.window_seconds;
  counter["zone"] = identity.zone;
  counter["scale"] = identity.scale;
  counter["scope"] = identity.scope;
}

json CounterOf(const BoundPolicy& policy, std::uint32_t id) {
  const Layout& layout = policy.program().layout();
  json counter;
  Describe(policy.table(id)->identity(), counter);
  std::map<std::pair<std::int64_t, std::int64_t>, int> maxima;
  for (const format::Limit& limit : layout.limits()) {
    if (limit.counter == id) ++maxima[{limit.max, limit.burst}];
  }
  counter["limits"] = json::array();
  for (const auto& [max, count] : maxima) {
    counter["limits"].push_back({{"max", max.first}, {"burst", max.second}});
  }
  return counter;
}

json CellOf(CounterTable& table, const std::string& identity, CounterCell& cell,
            std::int64_t now_ns, std::int64_t bucket_max) {
  json members = {{"identity", identity}, {"key", ToHex(cell.key())}};
  cell.Lock();
  if (cell.kind != CounterKind::Fixed && cell.lease == nullptr) {
    const Charge moment{.table = &table, .scope_key = {}, .max = bucket_max};
    table.CountOverdue(AdvanceMeter(cell, moment, now_ns));
    if (cell.used > 0 && cell.kind != CounterKind::Concurrency) {
      members["end_ms"] = MeterEmptyAt(cell) / 1'000'000;
    }
  }
  members["used"] = cell.used;
  members["outstanding"] = cell.outstanding;
  if (cell.lease != nullptr) {
    members["ceiling"] = cell.ceiling;
    members["elsewhere"] = cell.lease->elsewhere;
  }
  const std::int64_t epoch_s = cell.epoch_s;
  cell.Unlock();
  if (table.kind() == CounterKind::Fixed) {
    members["start_s"] = epoch_s;
    const Window window = table.WindowAt(epoch_s);
    if (window.end_s != kNoEnd) members["end_ms"] = window.end_s * 1'000;
    members["is_over"] = epoch_s < table.WindowAt(FloorSeconds(now_ns)).start_s;
  }
  return members;
}

struct Target {
  CellName name;
  CounterIdentity identity;
};

// The cells of a request. nullopt: it names none, or not as cells are named.
std::optional<std::vector<Target>> TargetsOf(const json& request) {
  std::vector<Target> targets;
  const auto cells = request.find("cells");
  if (cells == request.end() || !cells->is_array() || cells->empty()) return std::nullopt;
  for (const json& cell : *cells) {
    if (!cell.is_object()) return std::nullopt;
    const auto identity_key = FromHex(cell.value("identity", json("-")));
    const auto scope_key = FromHex(cell.value("key", json("-")));
    if (!identity_key || !scope_key) return std::nullopt;
    auto identity = ParseIdentityKey(*identity_key);
    if (!identity) return std::nullopt;
    targets.push_back({.name = {.identity = *identity_key, .scope_key = *scope_key},
                       .identity = *std::move(identity)});
  }
  return targets;
}

}  // namespace

void LimitsAdmin::Register(AdminServer& server) {
  server.Register("limits.list",
                  [this](const AdminRequest&, const AdminAnswer& answer) { List(answer); });
  server.Register("limits.set", [this](const AdminRequest& request, const AdminAnswer& answer) {
    Set(request, answer);
  });
  server.Register("limits.confirm", [this](const AdminRequest& request, const AdminAnswer& answer) {
    Confirm(request, answer);
  });
}

// Calls `act` where the pool is, and answers with what it gives, in the loop.
void LimitsAdmin::WithPool(std::function<json(LeasePool* pool)> act, const AdminAnswer& answer) {
  if (surroundings_.node == nullptr) return answer(act(nullptr));
  surroundings_.node->WithPool(
      [&loop = surroundings_.loop, act = std::move(act), answer](LeasePool* pool) {
        loop.Post([answer, members = act(pool)] { answer(members); });
      });
}

json LimitsAdmin::ListOwn() {
  json answer = {{"process", getpid()},
                 {"session", surroundings_.session},
                 {"is_shared", surroundings_.node != nullptr},
                 {"is_in_store", surroundings_.is_in_store},
                 {"overdue", surroundings_.engine.overdue()},
                 {"counters", json::array()},
                 {"cells", json::array()}};
  std::map<std::string, std::int64_t> bucket_maxima;
  surroundings_.each_policy([&](const BoundPolicy& policy) {
    const auto counters = policy.program().layout().counters();
    for (std::uint32_t id = 0; id < counters.size(); ++id) {
      if (policy.table(id) == nullptr) continue;
      json counter = CounterOf(policy, id);
      if (!counter["limits"].empty()) {
        bucket_maxima[counter["identity"]] = counter["limits"][0]["max"];
      }
      answer["counters"].push_back(std::move(counter));
    }
  });
  const std::int64_t now_ns = surroundings_.clock.WallNanoseconds();
  std::size_t left_out = 0;
  surroundings_.engine.VisitTables([&](CounterTable& table) {
    const std::string identity = ToHex(IdentityKey(table.identity()));
    const auto max = bucket_maxima.find(identity);
    if (max == bucket_maxima.end()) {
      json counter;
      Describe(table.identity(), counter);
      counter["limits"] = json::array();
      answer["counters"].push_back(std::move(counter));
    }
    table.ForEachCell([&](CounterCell& cell) {
      if (answer["cells"].size() >= kCellsListedMax) {
        ++left_out;
        return;
      }
      json listed =
          CellOf(table, identity, cell, now_ns, max == bucket_maxima.end() ? 0 : max->second);
      if (!listed.value("is_over", false)) answer["cells"].push_back(std::move(listed));
    });
  });
  answer["left_out"] = left_out;
  return answer;
}

void LimitsAdmin::List(const AdminAnswer& answer) {
  WithPool(
      [own = ListOwn()](LeasePool* pool) {
        json members = own;
        members["leads"] = pool != nullptr;
        if (pool == nullptr) return members;
        members["waiting"] = pool->waiting_count();
        members["pool"] = json::array();
        std::size_t left_out = 0;
        for (const PoolRecord& record : pool->Records()) {
          if (members["pool"].size() >= kCellsListedMax) {
            ++left_out;
            continue;
          }
          json cell = {{"identity", ToHex(record.name.identity)},
                       {"key", ToHex(record.name.scope_key)},
                       {"start_s", record.epoch_s},
                       {"issued", record.issued}};
          if (const auto identity = ParseIdentityKey(record.name.identity)) {
            Describe(*identity, cell);
            const auto calendar = WindowCalendar::Make(*identity);
            const std::int64_t end_s = calendar ? calendar->At(record.epoch_s).end_s : kNoEnd;
            if (end_s != kNoEnd && identity->kind == CounterKind::Fixed)
              cell["end_ms"] = end_s * 1'000;
          }
          members["pool"].push_back(std::move(cell));
        }
        members["left_out"] = members["left_out"].get<std::size_t>() + left_out;
        return members;
      },
      answer);
}

// Who, when and what, on the device before it is done.
std::expected<void, std::string> LimitsAdmin::Note(const AdminRequest& request, json what) const {
  std::string because = request.members.value("because", std::string());
  because.resize(std::min(because.size(), kBecauseBytesMax));
  what["time"] = FormatInstant(surroundings_.clock.WallNanoseconds());
  what["uid"] = geteuid();
  what["process"] = request.process;
  what["session"] = surroundings_.session;
  if (!because.empty()) what["because"] = because;
  if (!surroundings_.directory) return std::unexpected("there is no folder for it");
  return surroundings_.directory->AppendLine(
      kAdminLogName, what.dump(-1, ' ', false, json::error_handler_t::replace));
}

void LimitsAdmin::Set(const AdminRequest& request, const AdminAnswer& answer) {
  const auto targets = TargetsOf(request.members);
  const auto used = request.members.find("used");
  if (!targets || used == request.members.end() || !used->is_number_integer() ||
      used->get<std::int64_t>() < 0) {
    return answer(AdminError("limits.set names cells, and what they have used"));
  }
  json noted = {{"action", "limits.set"}, {"cells", json::array()}};
  for (const Target& target : *targets) {
    json cell;
    Describe(target.identity, cell);
    cell["key"] = ToHex(target.name.scope_key);
    cell["used"] = ScaledText(used->get<std::int64_t>(), target.identity.scale);
    noted["cells"].push_back(std::move(cell));
  }
  const auto done = Note(request, std::move(noted));
  if (!done)
    return answer(AdminError("nothing was changed, for it cannot be noted: " + done.error()));

  const auto amount = used->get<std::int64_t>();
  std::vector<CellName> of_pool;
  std::size_t set_here = 0;
  const std::int64_t now_ns = surroundings_.clock.WallNanoseconds();
  for (const Target& target : *targets) {
    bool is_of_pool = surroundings_.node != nullptr;
    surroundings_.engine.VisitTable(target.name.identity, [&](CounterTable& table) {
      is_of_pool = table.leased();
      if (is_of_pool) return;
      table.VisitCell(target.name.scope_key, [&](CounterCell& cell) {
        table.Set(cell, amount, now_ns);
        ++set_here;
      });
    });
    if (is_of_pool) of_pool.push_back(target.name);
  }
  if (of_pool.empty()) return answer({{"set", set_here}});
  WithPool(
      [of_pool, set_here, amount](LeasePool* pool) {
        if (pool == nullptr) return AdminError("another process, or a store, keeps the pool");
        std::size_t count = set_here;
        for (const CellName& name : of_pool) {
          if (!pool->Set(name, amount)) {
            return AdminError("only " + std::to_string(count) +
                              " were set: the pool's file cannot be written, or the counter is of "
                              "a kind that cannot be set");
          }
          ++count;
        }
        return json{{"set", count}};
      },
      answer);
}

void LimitsAdmin::Confirm(const AdminRequest& request, const AdminAnswer& answer) {
  const auto done = Note(request, {{"action", "limits.confirm"}});
  if (!done)
    return answer(AdminError("nothing was changed, for it cannot be noted: " + done.error()));
  if (surroundings_.is_in_store) {
    return surroundings_.node->Release(
        [&loop = surroundings_.loop, answer](std::optional<bool> released) {
          json members = AdminError("the store does not answer");
          if (released) members = json{{"confirmed", *released ? 1 : 0}};
          loop.Post([answer, members] { answer(members); });
        });
  }
  WithPool(
      [](LeasePool* pool) {
        if (pool == nullptr) return AdminError("another process, or a store, keeps the pool");
        const auto count = pool->Confirm();
        if (!count) return AdminError("the pool's file cannot be written");
        return json{{"confirmed", *count}};
      },
      answer);
}

}  // namespace policy::gateway
