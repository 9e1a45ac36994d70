// One pass over a message: what the envelope says, whether every byte has one reading, and the
// slots of the program.
#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "runtime/mcp/key_memory.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/message_place.h"
#include "runtime/mcp/slot_filler.h"
#include "runtime/mcp/strict_json.h"
#include "runtime/value/fold.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

namespace {

using Place = MessagePlace;

// What stood at a place that matters: its kind, and its text. Trivial: a draft has room for many of
// which few are used.
struct Seen {
  enum class Kind : std::uint8_t { Absent, Null, Bool, Number, String, Unreadable, List, Record };
  Kind kind;
  bool boolean;
  std::uint32_t raw_size;
  std::uint32_t text_size;
  const char* raw_begin;
  const char* text_begin;  // String: unescaped

  bool Is(Kind wanted) const { return kind == wanted; }
  std::string_view raw() const { return {raw_begin, raw_size}; }
  std::string_view text() const { return {text_begin, text_size}; }
};

constexpr std::uint64_t BitOf(Role role) { return std::uint64_t{1} << static_cast<unsigned>(role); }

// Roles that a draft says nothing of.
constexpr std::uint64_t kUnseenRoles = BitOf(Role::Argument) | BitOf(Role::Meta) |
                                       BitOf(Role::ClientInfo) | BitOf(Role::MetaClientInfo) |
                                       BitOf(Role::ListedTool) | BitOf(Role::Data);

// Everything seen in a message, before it is known what the message is. The first value of a role
// stays.
class Draft {
 public:
  const Seen& operator[](Role role) const {
    static constexpr Seen kAbsent{};
    return Has(role) ? seen_[static_cast<std::size_t>(role)] : kAbsent;
  }
  bool Has(Role role) const { return (present_ & BitOf(role)) != 0; }
  // Where to note what stands at `role`; null where nobody asks, or something stood there before.
  Seen* Note(Role role) {
    if (((present_ | kUnseenRoles) & BitOf(role)) != 0) return nullptr;
    present_ |= BitOf(role);
    return &seen_[static_cast<std::size_t>(role)];
  }

 private:
  std::uint64_t present_ = 0;
  std::array<Seen, kRoleCount> seen_;  // those that are present
};

// The visitor of a scan over one message.
class MessageVisitor {
 public:
  using Place = MessagePlace;

  MessageVisitor(StrictJson& json, KeyMemory& memory, Direction direction, Frame* frame)
      : json_(json),
        memory_(memory),
        from_client_(direction == Direction::FromClient),
        filler_(frame) {
    memory_.Begin(frame == nullptr ? nullptr : &frame->program());
  }

  const KeyMemory::Entry* Predict(const MessagePlace& record, const char* text) {
    return json_.is_refused() ? nullptr : memory_.Predict(text, record.bits());
  }
  const KeyMemory::Entry* Recall(const MessagePlace& record, const JsonKey& key) {
    return json_.is_refused() ? nullptr : memory_.Find(key.block, record.bits());
  }
  MessagePlace PlaceOf(const KeyMemory::Entry& known) const {
    return MessagePlace::OfBits(known.value);
  }
  MessagePlace Member(const MessagePlace& record, const JsonKey& key);
  MessagePlace Element(const MessagePlace& list, std::uint32_t index);
  void Scalar(const MessagePlace& place, JsonKind kind, std::string_view raw);
  void Open(MessagePlace& place, bool is_record);
  void Close(const MessagePlace& place, bool is_record, std::string_view raw);

  const Draft& draft() const { return draft_; }
  // An argument differs from a name of the policy by letter case only.
  const std::string& argument_variant() const { return argument_variant_; }

 private:
  MessagePlace MemberOfArguments(const MessagePlace& record, const JsonKey& key);
  void NoteVariant(std::string_view key);
  MessagePlace UnknownMember(const MessagePlace& record, std::string_view key);
  MessagePlace Below(const MessagePlace& parent, Role role, std::uint32_t node) const;
  // `place` is all that there is to say of `key`.
  MessagePlace Learnt(const MessagePlace& record, const JsonKey& key, MessagePlace place);

  StrictJson& json_;
  KeyMemory& memory_;
  bool from_client_;
  SlotFiller filler_;
  Draft draft_;
  std::string argument_variant_;
};

inline Place MessageVisitor::Below(const Place& parent, Role role, std::uint32_t node) const {
  bool refuses = false;
  switch (kCaseRules[static_cast<std::size_t>(role)]) {
    case CaseRule::Differ:
      break;
    case CaseRule::Never:
      refuses = true;
      break;
    case CaseRule::NotFromClients:
      refuses = from_client_;
      break;
    case CaseRule::AsData:
      // What a client sends in params is read by the server's own types; what a server sends is
      // data, where keys may well differ by case.
      refuses = from_client_ && parent.refuses_case_variants() && parent.role() != Role::Result;
      break;
  }
  return {role, refuses, node};
}

inline Place MessageVisitor::Learnt(const Place& record, const JsonKey& key, Place place) {
  // What is refused is not as other messages are.
  if (key.block.first != 0 && !json_.is_refused()) {
    memory_.Learn({.key = key.block,
                   .record = record.bits(),
                   .hash = key.hash,
                   .value = place.bits(),
                   .size = static_cast<std::uint8_t>(key.text.size())});
  }
  return place;
}

Place MessageVisitor::MemberOfArguments(const Place& record, const JsonKey& key) {
  if (!record.refuses_case_variants()) {
    return Below(record, Role::Argument, filler_.Member(record.node(), key.text));
  }
  const Layout::NamedChild child = filler_.Name(record.node(), key);
  const Place place = Below(record, Role::Argument, child.node);
  if (!child.is_case_variant) return Learnt(record, key, place);
  NoteVariant(key.text);
  return place;
}

Place MessageVisitor::Member(const Place& record, const JsonKey& key) {
  if (record.role() == Role::Arguments || record.role() == Role::Argument) {
    return MemberOfArguments(record, key);
  }
  const MemberTable& table = MembersOf(record.role());
  if (table.members().empty()) {
    return Learnt(record, key, Below(record, Role::Data, format::kNone));
  }
  if (const MemberRole* member = table.Find(key.text)) {
    const bool is_root = member->role == Role::Arguments && !json_.is_refused();
    const std::uint32_t node = is_root ? filler_.RootNode(format::Root::Args) : format::kNone;
    return Learnt(record, key, Below(record, member->role, node));
  }
  return UnknownMember(record, key.text);
}

void MessageVisitor::NoteVariant(std::string_view key) {
  if (!argument_variant_.empty()) return;
  argument_variant_ =
      "argument " + Quoted(key) + " differs from a name of the policy by letter case only";
}

Place MessageVisitor::UnknownMember(const Place& record, std::string_view key) {
  if (record.role() == Role::Envelope) {
    json_.Refuse("unknown member " + Quoted(key));
  } else if (from_client_ || record.role() != Role::Params) {
    const std::span<const MemberRole> members = MembersOf(record.role()).members();
    const auto variant = std::ranges::find_if(
        members, [&key](std::string_view known) { return EqualFolded(known, key); },
        &MemberRole::key);
    if (variant != members.end()) {
      json_.Refuse("key " + Quoted(key) + " differs from `" + std::string(variant->key) +
                   "` by letter case only");
    }
  }
  return Below(record, Role::Data, format::kNone);
}

inline Place MessageVisitor::Element(const Place& list, std::uint32_t index) {
  switch (list.role()) {
    case Role::Argument:
      return Below(list, Role::Argument, filler_.Element(list.node(), index));
    case Role::Tools:
      return Below(list, Role::ListedTool, format::kNone);
    default:
      return Below(list, Role::Data, format::kNone);
  }
}

constexpr Seen::Kind SeenKind(JsonKind kind) {
  switch (kind) {
    case JsonKind::False:
    case JsonKind::True:
      return Seen::Kind::Bool;
    case JsonKind::Number:
      return Seen::Kind::Number;
    case JsonKind::String:
    case JsonKind::EscapedString:
      return Seen::Kind::String;
    case JsonKind::UnreadableString:
      return Seen::Kind::Unreadable;
    case JsonKind::Null:
      break;
  }
  return Seen::Kind::Null;
}

inline void MessageVisitor::Scalar(const Place& place, JsonKind kind, std::string_view raw) {
  if (place.role() == Role::Argument) return filler_.Scalar(place.node(), kind, raw);
  if (place.role() == Role::Arguments) filler_.Scalar(place.node(), kind, raw);
  Seen* const seen = draft_.Note(place.role());
  if (seen == nullptr) return;
  const std::string_view text = IsString(kind) ? json_.room().Text(kind, raw) : std::string_view();
  *seen = {.kind = SeenKind(kind),
           .boolean = kind == JsonKind::True,
           .raw_size = static_cast<std::uint32_t>(raw.size()),
           .text_size = static_cast<std::uint32_t>(text.size()),
           .raw_begin = raw.data(),
           .text_begin = text.data()};
}

inline void MessageVisitor::Open(Place& place, bool is_record) {
  if (place.role() == Role::Argument || place.role() == Role::Arguments) {
    filler_.Open(place.node(), is_record);
  }
}

inline void MessageVisitor::Close(const Place& place, bool is_record, std::string_view raw) {
  if (place.role() == Role::Argument || place.role() == Role::Arguments) {
    filler_.Close(place.node(), is_record, raw);
  }
  Seen* const seen = draft_.Note(place.role());
  if (seen == nullptr) return;
  const Seen::Kind kind = is_record ? Seen::Kind::Record : Seen::Kind::List;
  *seen = {.kind = kind,
           .boolean = false,
           .raw_size = static_cast<std::uint32_t>(raw.size()),
           .text_size = 0,
           .raw_begin = raw.data(),
           .text_begin = nullptr};
}

// -- judging the whole ---------------------------------------------------------------------------

// 2^53 - 1: the largest integer up to which every one is itself in binary64.
constexpr std::string_view kLargestId = "9007199254740991";

// Null: the id is one that every reader takes for the same.
const char* ProblemOfId(const Seen& id) {
  switch (id.kind) {
    case Seen::Kind::String:
      return id.raw().size() > kIdBytesMax ? "id is longer than 1024 bytes" : nullptr;
    case Seen::Kind::Number: {
      std::string_view digits = id.raw();
      if (digits == "-0") return "id is minus zero";
      if (digits.starts_with('-')) digits.remove_prefix(1);
      if (!std::ranges::all_of(digits, strict_json::IsDigit)) {
        return "id is not an integer";
      }
      const bool is_large = digits.size() > kLargestId.size() ||
                            (digits.size() == kLargestId.size() && digits > kLargestId);
      return is_large ? "id is beyond 2^53" : nullptr;
    }
    case Seen::Kind::Null:
      return "id is null";
    default:
      return "id is not a string or an integer";
  }
}

// Reasons that do not depend on what kind of message it is. Empty: none.
std::string ProblemOfEnvelope(const Draft& draft) {
  if (draft[Role::Envelope].Is(Seen::Kind::List)) return "batches are not accepted";
  if (!draft[Role::Envelope].Is(Seen::Kind::Record)) return "the message is not an object";
  if (!draft[Role::Version].Is(Seen::Kind::String) || draft[Role::Version].text() != "2.0") {
    return "jsonrpc is not \"2.0\"";
  }
  if (draft.Has(Role::Id)) {
    if (const char* problem = ProblemOfId(draft[Role::Id])) return problem;
  }
  const bool has_answer = draft.Has(Role::Result) || draft.Has(Role::Error);
  if (draft.Has(Role::Method) && has_answer) return "method beside result or error";
  if (draft.Has(Role::Result) && draft.Has(Role::Error)) return "result beside error";
  if (!draft.Has(Role::Method) && !has_answer) return "neither method nor result nor error";
  return {};
}

std::string ProblemOfRequest(const Draft& draft) {
  if (!draft[Role::Method].Is(Seen::Kind::String)) return "method is not a string";
  if (draft.Has(Role::Params) && !draft[Role::Params].Is(Seen::Kind::Record)) {
    return "params is not an object";
  }
  return {};
}

std::string ProblemOfToolsCall(const Draft& draft) {
  if (!draft.Has(Role::Id)) return "tools/call without id";
  if (!draft.Has(Role::Params)) return "tools/call without params";
  if (!draft[Role::Name].Is(Seen::Kind::String)) return "the tool's name is not a string";
  if (draft[Role::Name].text().size() > kToolNameBytesMax) {
    return "the tool's name is longer than " + std::to_string(kToolNameBytesMax) + " bytes";
  }
  if (draft.Has(Role::Arguments) && !draft[Role::Arguments].Is(Seen::Kind::Record)) {
    return "arguments is not an object";
  }
  return {};
}

std::string ProblemOfResponse(const Draft& draft) {
  if (draft.Has(Role::Params)) return "params beside result or error";
  if (draft.Has(Role::Result)) {
    if (!draft.Has(Role::Id)) return "result without id";
    return draft[Role::Result].Is(Seen::Kind::Record) ? "" : "result is not an object";
  }
  return draft[Role::Error].Is(Seen::Kind::Record) ? "" : "error is not an object";
}

bool IsToolsCall(const Draft& draft) {
  return draft[Role::Method].Is(Seen::Kind::String) && draft[Role::Method].text() == "tools/call";
}

std::string ProblemOf(const Draft& draft, Direction direction) {
  if (std::string problem = ProblemOfEnvelope(draft); !problem.empty()) return problem;
  if (!draft.Has(Role::Method)) return ProblemOfResponse(draft);
  if (std::string problem = ProblemOfRequest(draft); !problem.empty()) return problem;
  if (direction == Direction::FromServer || !IsToolsCall(draft)) return {};
  return ProblemOfToolsCall(draft);
}

// A number that is an integer, or a string: what MCP takes for a token.
std::string_view TokenOf(const Seen& seen) {
  return ProblemOfId(seen) == nullptr ? seen.raw() : "";
}

void WriteMessage(const Draft& draft, std::string_view bytes, Message& message) {
  message.bytes = bytes;
  message.id = draft[Role::Id].raw();
  if (!draft.Has(Role::Method)) {
    message.kind = MessageKind::Response;
    message.result = draft[Role::Result].raw();
    message.error = draft[Role::Error].raw();
    if (draft[Role::Tools].Is(Seen::Kind::List)) message.result_tools = draft[Role::Tools].raw();
    message.result_is_error =
        draft[Role::IsError].Is(Seen::Kind::Bool) && draft[Role::IsError].boolean;
    message.result_is_final = draft[Role::ResultType].text() != "input_required" &&
                              draft[Role::ResultType].text() != "task";
    return;
  }
  message.kind = draft.Has(Role::Id) ? MessageKind::Request : MessageKind::Notification;
  message.method = draft[Role::Method].text();
  message.params = draft[Role::Params].raw();
  message.progress_token = TokenOf(draft[Role::ProgressToken]);
  const bool is_initialize = message.method == "initialize";
  message.protocol_version =
      is_initialize ? draft[Role::ProtocolVersion].text() : draft[Role::MetaProtocolVersion].text();
  message.client_name =
      is_initialize ? draft[Role::ClientName].text() : draft[Role::MetaClientName].text();
  message.client_version =
      is_initialize ? draft[Role::ClientVersion].text() : draft[Role::MetaClientVersion].text();
  if (message.method == "notifications/cancelled")
    message.request_id = TokenOf(draft[Role::RequestId]);
}

// `text`, which lives as long as the frame's values do: copied where it was unescaped.
std::string_view KeptText(std::string_view text, std::string_view raw, Frame& frame) {
  if (text.empty() || text.data() == raw.data() + 1) return text;
  char* const room = frame.Reserve(text.size());
  std::ranges::copy(text, room);
  return {room, text.size()};
}

Refusal RefusalOf(const Draft& draft, const ScanOutcome& outcome, std::string problem) {
  Refusal refusal;
  if (outcome.syntax_error != nullptr) {
    refusal.code = -32700;
    refusal.is_request = true;
    refusal.reason = outcome.syntax_error;
    return refusal;
  }
  refusal.reason = std::move(problem);
  if (draft.Has(Role::Id) && ProblemOfId(draft[Role::Id]) == nullptr)
    refusal.id = draft[Role::Id].raw();
  refusal.is_response =
      !draft.Has(Role::Method) && (draft.Has(Role::Result) || draft.Has(Role::Error));
  // A method without an id is a notification; of a text that was not read to its end, who knows.
  const bool is_notification = draft.Has(Role::Method) && !draft.Has(Role::Id) && !outcome.stopped;
  refusal.is_request = !refusal.is_response && !is_notification;
  return refusal;
}

}  // namespace

struct MessageReader::Scratch {
  explicit Scratch(Direction from) : direction(from) {}

  const Direction direction;
  StrictJson json;
  KeyMemory memory;
};

MessageReader::MessageReader(Direction direction)
    : scratch_(std::make_unique<Scratch>(direction)) {}
MessageReader::~MessageReader() = default;

std::expected<Message, Refusal> MessageReader::Read(std::string_view bytes, Frame* frame) {
  if (frame != nullptr) frame->Clear();
  if (bytes.size() > kMessageBytesMax) {
    Refusal refusal;
    refusal.is_request = true;
    refusal.reason = "the message is longer than " + std::to_string(kMessageBytesMax) + " bytes";
    return std::unexpected(std::move(refusal));
  }
  StrictJson& json = scratch_->json;
  MessageVisitor visitor(json, scratch_->memory, scratch_->direction, frame);
  json.Scan(bytes, {Role::Envelope, true, format::kNone}, visitor);

  const Draft& draft = visitor.draft();
  const bool is_tools_call = scratch_->direction == Direction::FromClient && IsToolsCall(draft);
  if (json.outcome().syntax_error == nullptr && !json.is_refused()) {
    if (std::string problem = ProblemOf(draft, scratch_->direction); !problem.empty()) {
      json.Refuse(std::move(problem));
    } else if (is_tools_call && !visitor.argument_variant().empty()) {
      json.Refuse(visitor.argument_variant());
    }
  }
  if (json.outcome().syntax_error != nullptr || json.is_refused()) {
    if (frame != nullptr) frame->Clear();
    return std::unexpected(RefusalOf(draft, json.outcome(), json.outcome().refusal));
  }

  std::expected<Message, Refusal> read;  // a large value: it is written where the caller has it
  Message& message = *read;
  WriteMessage(draft, bytes, message);
  message.is_tools_call = is_tools_call;
  if (is_tools_call) {
    message.tool = draft[Role::Name].text();
    message.arguments = draft.Has(Role::Arguments) ? draft[Role::Arguments].raw() : "{}";
  }
  if (frame == nullptr) return read;
  if (!is_tools_call) {
    frame->Clear();  // arguments of prompts/get, and such
    return read;
  }
  frame->set_tool(KeptText(message.tool, draft[Role::Name].raw(), *frame));
  frame->arguments = message.arguments;
  if (!draft.Has(Role::Arguments)) {
    SlotFiller(frame).Close(static_cast<std::uint32_t>(format::Root::Args), /*is_record=*/true,
                            message.arguments);
  }
  return read;
}

}  // namespace policy::mcp
