#include "compiler/analyse/proposed_call.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>
#include <vector>

#include "compiler/ir/access.h"
#include "policy/check.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

using format::Root;

constexpr std::uint32_t kElementsMax = 64;         // of a list in a proposed call
constexpr std::int64_t kLengthMax = 256;           // of a text made for its length
constexpr std::int64_t kFirstDay = 1'772'323'200;  // 2026-03-01T00:00:00Z, a Sunday
constexpr std::int64_t kSecond = 1'000'000'000;

// A JSON text under construction.
struct Node {
  std::string leaf;  // JSON of a whole value; empty: a record or list of what is below
  std::map<std::string, Node> members;
  std::map<std::uint32_t, Node> elements;

  bool is_empty() const { return leaf.empty() && members.empty() && elements.empty(); }
};

std::string TextOf(const Node& node) {
  if (!node.elements.empty()) {
    std::string text = "[";
    for (std::uint32_t i = 0; i <= node.elements.rbegin()->first; ++i) {
      const auto found = node.elements.find(i);
      text += (i > 0 ? "," : "") + (found == node.elements.end() ? "null" : TextOf(found->second));
    }
    return text + "]";
  }
  if (!node.leaf.empty() && node.members.empty()) return node.leaf;
  std::string text = "{";
  for (const auto& [name, member] : node.members) {
    text += (text.size() > 1 ? "," : "") + JsonText(name) + ":" + TextOf(member);
  }
  return text + "}";
}

// Puts a value at the path. False: another stands in the way.
bool Put(Node& root, std::span<const ir::Step> steps, const Sample& sample) {
  Node* node = &root;
  for (const ir::Step& step : steps) {
    if (!node->leaf.empty() && node->leaf != "{}" && !node->leaf.starts_with('[')) return false;
    if (const auto* index = std::get_if<std::uint32_t>(&step)) {
      if (*index >= kElementsMax || !node->members.empty()) return false;
      node->leaf.clear();
      node = &node->elements[*index];
    } else {
      if (!node->elements.empty()) return false;
      node->leaf.clear();
      node = &node->members[std::get<std::string>(step)];
    }
  }
  if (node->leaf.empty()) node->leaf = sample.json;
  return true;
}

// The values of `now` and of what is below it.
struct Clock {
  std::optional<std::int64_t> now_ns;
  std::map<std::string, std::string> members;  // JSON by name

  bool is_asked() const { return now_ns || !members.empty(); }
  bool Shows(const CivilTime& time) const {
    char date[kDateTextBytes];
    WriteDate(time, date);
    const std::map<std::string, std::string> shown = {
        {"hour", std::to_string(time.hour)},
        {"minute", std::to_string(time.minute)},
        {"weekday", JsonText(WeekdayName(time.weekday))},
        {"date", JsonText({date, kDateTextBytes})}};
    return std::ranges::all_of(
        members, [&](const auto& member) { return shown.at(member.first) == member.second; });
  }
};

// An instant at which the clock shows what is wanted.
std::optional<std::int64_t> InstantOf(const Clock& clock, const std::string& zone_name) {
  const auto zone = Zone::Find(zone_name);
  if (!zone) return std::nullopt;
  if (clock.now_ns) {
    if (!clock.Shows(ToCivilTime(*clock.now_ns, *zone))) return std::nullopt;
    return clock.now_ns;
  }
  std::int64_t first = kFirstDay;
  if (const auto date = clock.members.find("date"); date != clock.members.end()) {
    const auto begin = ParseInstant(date->second.substr(1, kDateTextBytes) + "T00:00:00Z");
    if (!begin) return std::nullopt;
    first = *begin / kSecond - 86'400;
  }
  const bool has_minute = clock.members.contains("minute");
  for (std::int64_t at = first; at < first + 9 * 86'400; at += has_minute ? 60 : 900) {
    if (clock.Shows(ToCivilTime(at * kSecond, *zone))) return at * kSecond;
  }
  return std::nullopt;
}

// What of an operand gives the function's value, where that is plain. Null: nothing known.
std::optional<Sample> OperandFor(const ir::Value& value, const Sample& wanted) {
  if (wanted.form == Form::Broken) return Sample{.form = Form::Absent, .json = ""};
  if (value.kind == ir::ValueKind::Quantified) {
    const bool is_empty = value.quantifier == ir::QuantifierKind::Any   ? wanted.json == "false"
                          : value.quantifier == ir::QuantifierKind::All ? wanted.json == "true"
                                                                        : wanted.json == "0";
    if (!is_empty) return std::nullopt;
    return Sample{.form = Form::List, .json = "[]"};
  }
  if (value.kind != ir::ValueKind::Applied) return std::nullopt;
  const std::string inner =
      wanted.json.size() >= 2 ? wanted.json.substr(1, wanted.json.size() - 2) : "";
  const auto text = [](const std::string& content) {
    return Sample{.form = Form::Text, .json = "\"" + content + "\""};
  };
  switch (value.function) {
    case Function::Lower:
      return wanted;
    case Function::Domain:
      return text("a@" + inner);
    case Function::Host:
      return text("https://" + inner + "/");
    case Function::Scheme:
      return text(inner + "://example.com/");
    case Function::Port:
      return text("https://example.com:" + wanted.json + "/");
    case Function::Length: {
      std::int64_t length = 0;
      std::from_chars(wanted.json.data(), wanted.json.data() + wanted.json.size(), length);
      if (length > kLengthMax) return std::nullopt;
      if (length == 0) return Sample{.form = Form::List, .json = "[]"};
      std::string list = "[\"x\"";
      for (std::int64_t i = 1; i < length; ++i) list += ",\"x\"";
      return Sample{.form = Form::List, .json = list + "]"};
    }
    default:
      return std::nullopt;
  }
}

// Collects the parts of one call.
class CallText {
 public:
  CallText(const ir::Policy& policy, const Scene& scene) : policy_(policy), scene_(scene) {}

  bool Add(ir::ValueId value_id, const Sample& sample) {
    const ir::Value& value = ir::ValueOf(policy_, value_id);
    if (value.kind == ir::ValueKind::Constant) return true;
    if (value.kind == ir::ValueKind::Path)
      return AddPath(ir::PathOf(policy_, value.path_id), sample);
    if (value.operands.empty()) return false;
    const auto operand = OperandFor(value, sample);
    return operand && Add(value.operands[0], *operand);
  }

  std::optional<std::string> Finish() {
    if (tool_.empty()) tool_ = JsonText(AnyName());
    std::string text = "{\"tool\":" + tool_ + ",\"args\":" + TextOf(Record(parts_["args"]));
    if (scene_.server) text += ",\"server\":" + JsonText(*scene_.server);
    for (const auto& [name, node] : parts_) {
      if (name != "args" && !node.is_empty()) text += "," + JsonText(name) + ":" + TextOf(node);
    }
    if (clock_.is_asked()) {
      const auto instant = InstantOf(clock_, policy_.zone);
      if (!instant) return std::nullopt;
      text += ",\"now\":" + JsonText(FormatInstant(*instant));
    }
    return text + "}";
  }

 private:
  static const Node& Record(Node& node) {
    if (node.is_empty()) node.leaf = "{}";
    return node;
  }

  bool AddPath(const ir::Path& path, const Sample& sample) {
    if (sample.form == Form::Broken) return false;
    const std::span<const ir::Step> steps = path.steps;
    const auto* member = steps.empty() ? nullptr : std::get_if<std::string>(&steps[0]);
    if (path.root == Root::Now) return AddNow(member, sample);
    if (sample.form == Form::Absent) absent_.push_back(&path);
    if (std::ranges::find(absent_, &path) != absent_.end()) return true;
    if (path.root == Root::Args) return Put(parts_["args"], steps, sample);
    if (path.root == Root::Claims) return Put(parts_["claims"], steps, sample);
    if (member == nullptr) return false;
    if (path.root == Root::Client) return Put(parts_["client"], steps, sample);
    if (path.root == Root::Grant && *member == "id") return Put(parts_["grant"], {}, sample);
    if (path.root == Root::Grant && *member == "attributes") {
      return Put(parts_["attributes"], steps.subspan(1), sample);
    }
    if (path.root != Root::Tool) return false;
    if (*member == "annotations") return Put(parts_["annotations"], steps.subspan(1), sample);
    if (*member == "name") tool_ = sample.json;
    return *member == "name" || (*member == "server" && scene_.server.has_value());
  }

  bool AddNow(const std::string* member, const Sample& sample) {
    if (member == nullptr) {
      clock_.now_ns = sample.nanoseconds;
    } else {
      clock_.members[*member] = sample.json;
    }
    return true;
  }

  // Some tool of the scene; one of the lock's where there is one.
  std::string AnyName() const {
    if (policy_.lock) {
      for (const std::string_view pattern : scene_.patterns) {
        for (const ir::Pin& pin : PinsFor(*policy_.lock, pattern)) {
          if (scene_.server && pin.server != *scene_.server) continue;
          if (GlobMatches(pattern, pin.tool)) return pin.tool;
        }
      }
    }
    CHECK(!scene_.patterns.empty());
    std::string name(scene_.patterns[0]);
    std::ranges::replace(name, '*', 'x');
    return name;
  }

  const ir::Policy& policy_;
  const Scene& scene_;
  std::string tool_;  // JSON
  std::map<std::string, Node> parts_;
  std::vector<const ir::Path*> absent_;  // nothing is put there any more
  Clock clock_;
};

}  // namespace

std::optional<std::string> ProposeCall(const ir::Policy& policy, const Scene& scene,
                                       std::span<const Assigned> values) {
  CallText call(policy, scene);
  for (const Assigned& value : values) {
    if (!call.Add(value.value_id, value.sample)) return std::nullopt;
  }
  return call.Finish();
}

}  // namespace policy
