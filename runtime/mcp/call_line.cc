#include "runtime/mcp/call_line.h"

#include <algorithm>
#include <array>
#include <string>
#include <utility>

#include "runtime/mcp/strict_json.h"
#include "runtime/value/civil_time.h"

namespace policy::mcp {

namespace {

// Where in a line a value stands. The first of them are members that have a place in a Draft.
enum class Role : std::uint8_t {
  Tool,
  Arguments,
  Server,
  Grant,
  Session,
  Claims,
  Attributes,
  Annotations,
  Now,
  Client,
  ClientName,
  ClientVersion,
  Count,
  Line,
  Data,
};
constexpr std::size_t kMemberCount = static_cast<std::size_t>(Role::Count);

enum class Kind : std::uint8_t { Absent, String, Record, Other };

struct MemberRow {
  std::string_view key;
  Kind kind;
};

// In the order of Role.
constexpr std::array<MemberRow, kMemberCount> kMembers = {{{"tool", Kind::String},
                                                           {"args", Kind::Record},
                                                           {"server", Kind::String},
                                                           {"grant", Kind::String},
                                                           {"session", Kind::String},
                                                           {"claims", Kind::Record},
                                                           {"attributes", Kind::Record},
                                                           {"annotations", Kind::Record},
                                                           {"now", Kind::String},
                                                           {"client", Kind::Record},
                                                           {"name", Kind::String},
                                                           {"version", Kind::String}}};

struct Seen {
  Kind kind = Kind::Absent;
  std::string_view text;  // String: unescaped; else raw
};

class LineVisitor {
 public:
  struct Place {
    Role role;
    bool ignores_case;
    bool refuses_case_variants() const { return ignores_case; }
  };

  explicit LineVisitor(StrictJson& json) : json_(json) {}

  Place Member(const Place& record, const JsonKey& key) {
    if (record.role == Role::Line) return MemberOfLine(key.text);
    if (record.role == Role::Client) {
      return Known(key.text, Role::ClientName, Role::ClientVersion);
    }
    // Keys of arguments may not differ by case; those of claims and the like may.
    return {Role::Data, record.ignores_case};
  }
  Place Element(const Place& list, std::uint32_t) { return {Role::Data, list.ignores_case}; }
  void Scalar(const Place& place, JsonKind kind, std::string_view raw) {
    const bool is_text = kind == JsonKind::String || kind == JsonKind::EscapedString;
    const bool is_kept = is_text && place.role < Role::Count;
    Note(place, is_text ? Kind::String : Kind::Other, is_kept ? json_.room().Text(kind, raw) : raw);
  }
  void Open(Place&, bool) {}
  void Close(const Place& place, bool is_record, std::string_view raw) {
    if (place.role == Role::Line) is_record_ = is_record;
    Note(place, is_record ? Kind::Record : Kind::Other, raw);
  }

  const Seen& at(Role role) const { return seen_[static_cast<std::size_t>(role)]; }
  bool is_record() const { return is_record_; }
  bool is_message() const { return is_message_; }
  const std::string& unknown() const { return unknown_; }  // the first unknown key, or empty

 private:
  Place MemberOfLine(std::string_view key) {
    if (key == "jsonrpc" || key == "method") is_message_ = true;
    return Known(key, Role::Tool, Role::Client);
  }
  // The place of `key` among the members from `first` to `last`.
  Place Known(std::string_view key, Role first, Role last) {
    for (auto i = static_cast<std::size_t>(first); i <= static_cast<std::size_t>(last); ++i) {
      if (kMembers[i].key != key) continue;
      const auto role = static_cast<Role>(i);
      return {role, role == Role::Arguments || role == Role::Client};
    }
    if (unknown_.empty()) unknown_ = "unknown key " + Quoted(key);
    return {Role::Data, false};
  }
  void Note(const Place& place, Kind kind, std::string_view text) {
    if (place.role < Role::Count) seen_[static_cast<std::size_t>(place.role)] = {kind, text};
  }

  StrictJson& json_;
  std::array<Seen, kMemberCount> seen_;
  bool is_record_ = false;
  bool is_message_ = false;
  std::string unknown_;
};

// Why the members are not a call; empty: they are.
std::string ProblemOf(const LineVisitor& line) {
  if (!line.is_record()) return "the line is not an object";
  if (!line.unknown().empty()) return line.unknown();
  for (std::size_t i = 0; i < kMemberCount; ++i) {
    const Kind kind = line.at(static_cast<Role>(i)).kind;
    if (kind == Kind::Absent || kind == kMembers[i].kind) continue;
    return "`" + std::string(kMembers[i].key) + "` is not " +
           (kMembers[i].kind == Kind::String ? "a string" : "an object");
  }
  if (line.at(Role::Tool).kind == Kind::Absent) return "`tool` is missing";
  if (line.at(Role::Tool).text.size() > kToolNameBytesMax) {
    return "the tool's name is longer than " + std::to_string(kToolNameBytesMax) + " bytes";
  }
  const Seen& now = line.at(Role::Now);
  if (now.kind != Kind::Absent && !ParseInstant(now.text)) {
    return "`now` is not a time as in 2026-03-01T10:00:00Z";
  }
  return {};
}

CallLine LineOf(const LineVisitor& visitor) {
  CallLine line;
  line.tool = visitor.at(Role::Tool).text;
  if (visitor.at(Role::Arguments).kind == Kind::Record) {
    line.arguments = visitor.at(Role::Arguments).text;
  }
  line.server = visitor.at(Role::Server).text;
  line.grant = visitor.at(Role::Grant).text;
  line.session = visitor.at(Role::Session).text;
  line.claims = visitor.at(Role::Claims).text;
  line.attributes = visitor.at(Role::Attributes).text;
  line.annotations = visitor.at(Role::Annotations).text;
  line.client_name = visitor.at(Role::ClientName).text;
  line.client_version = visitor.at(Role::ClientVersion).text;
  if (visitor.at(Role::Now).kind != Kind::Absent) {
    line.now_ns = ParseInstant(visitor.at(Role::Now).text);
  }
  return line;
}

}  // namespace

struct CallLineReader::Scratch {
  StrictJson json;
};

void SetContext(const CallLine& call, CallContext& context) {
  if (!call.server.empty()) context.server = call.server;
  if (!call.grant.empty()) context.grant = call.grant;
  context.session = call.session;
  context.claims = call.claims;
  context.grant_attributes = call.attributes;
  context.annotations = call.annotations;
  context.client_name = call.client_name;
  context.client_version = call.client_version;
  if (call.now_ns) context.now_ns = *call.now_ns;
}

CallLineReader::CallLineReader() : scratch_(std::make_unique<Scratch>()) {}
CallLineReader::~CallLineReader() = default;

std::expected<CallLine, Refusal> CallLineReader::Read(std::string_view bytes) {
  Refusal refusal;
  if (bytes.size() > kMessageBytesMax) {
    refusal.reason = "the line is longer than " + std::to_string(kMessageBytesMax) + " bytes";
    return std::unexpected(std::move(refusal));
  }
  StrictJson& json = scratch_->json;
  LineVisitor visitor(json);
  json.Scan(bytes, {Role::Line, false}, visitor);
  if (json.outcome().syntax_error != nullptr) {
    refusal.code = -32700;
    refusal.reason = json.outcome().syntax_error;
    return std::unexpected(std::move(refusal));
  }
  if (visitor.is_message()) {
    CallLine line;
    line.is_message = true;
    return line;
  }
  refusal.reason = json.is_refused() ? json.outcome().refusal : ProblemOf(visitor);
  if (!refusal.reason.empty()) return std::unexpected(std::move(refusal));
  return LineOf(visitor);
}

}  // namespace policy::mcp
