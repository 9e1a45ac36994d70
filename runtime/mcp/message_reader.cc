// One pass over a message: what the envelope says, whether every byte has one reading, and the
// slots of the program.
#include <algorithm>
#include <span>
#include <string>
#include <utility>

#include "runtime/mcp/message.h"
#include "runtime/mcp/slot_filler.h"
#include "runtime/mcp/strict_json.h"
#include "runtime/value/fold.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

namespace {

// Where in a message a value stands.
enum class Role : std::uint8_t {
  Envelope,
  Version,  // jsonrpc
  Id,
  Method,
  Params,
  Result,
  Error,
  Name,             // params.name
  Arguments,        // params.arguments
  Argument,         // anything below arguments
  Meta,             // params._meta
  ProgressToken,    // params._meta.progressToken
  ProtocolVersion,  // params.protocolVersion
  MetaProtocolVersion,
  ClientInfo,  // params.clientInfo
  ClientName,
  ClientVersion,
  MetaClientInfo,  // params._meta["io.modelcontextprotocol/clientInfo"]
  MetaClientName,
  MetaClientVersion,
  RequestId,  // params.requestId
  Tools,      // result.tools
  ListedTool,
  IsError,     // result.isError
  ResultType,  // result.resultType
  Data,        // anything else
};

struct Place {
  Role role;
  bool refuses_case_variants;
  std::uint32_t node;  // Arguments and below: of the program's paths
};

struct MemberRole {
  std::string_view key;
  Role role;
};

constexpr MemberRole kEnvelopeMembers[] = {{"jsonrpc", Role::Version}, {"id", Role::Id},
                                           {"method", Role::Method},   {"params", Role::Params},
                                           {"result", Role::Result},   {"error", Role::Error}};

// Members that MCP knows: another spelling of one is refused, because some servers match names
// without regard to case. Data: known, and of no concern here.
constexpr MemberRole kParamsMembers[] = {{"name", Role::Name},
                                         {"arguments", Role::Arguments},
                                         {"_meta", Role::Meta},
                                         {"protocolVersion", Role::ProtocolVersion},
                                         {"clientInfo", Role::ClientInfo},
                                         {"requestId", Role::RequestId},
                                         {"argument", Role::Data},
                                         {"capabilities", Role::Data},
                                         {"context", Role::Data},
                                         {"cursor", Role::Data},
                                         {"inputResponses", Role::Data},
                                         {"level", Role::Data},
                                         {"progressToken", Role::Data},
                                         {"reason", Role::Data},
                                         {"ref", Role::Data},
                                         {"requestState", Role::Data},
                                         {"task", Role::Data},
                                         {"taskId", Role::Data},
                                         {"uri", Role::Data}};

constexpr MemberRole kMetaMembers[] = {
    {"progressToken", Role::ProgressToken},
    {"io.modelcontextprotocol/protocolVersion", Role::MetaProtocolVersion},
    {"io.modelcontextprotocol/clientInfo", Role::MetaClientInfo},
    {"io.modelcontextprotocol/clientCapabilities", Role::Data},
    {"io.modelcontextprotocol/related-task", Role::Data},
    {"io.modelcontextprotocol/subscriptionId", Role::Data}};

constexpr MemberRole kClientInfoMembers[] = {{"name", Role::ClientName},
                                             {"version", Role::ClientVersion}};

constexpr MemberRole kMetaClientInfoMembers[] = {{"name", Role::MetaClientName},
                                                 {"version", Role::MetaClientVersion}};

constexpr MemberRole kResultMembers[] = {
    {"tools", Role::Tools}, {"isError", Role::IsError}, {"resultType", Role::ResultType}};

constexpr MemberRole kListedToolMembers[] = {{"name", Role::Data}};

std::span<const MemberRole> MembersOf(Role role) {
  switch (role) {
    case Role::Envelope:
      return kEnvelopeMembers;
    case Role::Params:
      return kParamsMembers;
    case Role::Meta:
      return kMetaMembers;
    case Role::ClientInfo:
      return kClientInfoMembers;
    case Role::MetaClientInfo:
      return kMetaClientInfoMembers;
    case Role::Result:
      return kResultMembers;
    case Role::ListedTool:
      return kListedToolMembers;
    default:
      return {};
  }
}

const MemberRole* FindMember(std::span<const MemberRole> members, std::string_view key) {
  const auto member = std::ranges::find(members, key, &MemberRole::key);
  return member == members.end() ? nullptr : &*member;
}

// What stood at a place that matters: its kind, and its text.
struct Seen {
  enum class Kind : std::uint8_t { Absent, Null, Bool, Number, String, Unreadable, List, Record };
  Kind kind = Kind::Absent;
  bool boolean = false;
  std::string_view raw;
  std::string_view text;  // String: unescaped

  bool is_present() const { return kind != Kind::Absent; }
  bool Is(Kind wanted) const { return kind == wanted; }
};

// Everything seen in a message, before it is known what the message is.
struct Draft {
  Seen envelope, version, id, method, params, result, error;
  Seen name, arguments, progress_token, protocol_version, meta_protocol_version, request_id;
  Seen client_name, client_version, meta_client_name, meta_client_version;
  Seen tools, is_error, result_type;
};

Seen* SlotOf(Draft& draft, Role role) {
  switch (role) {
    case Role::Envelope:
      return &draft.envelope;
    case Role::Version:
      return &draft.version;
    case Role::Id:
      return &draft.id;
    case Role::Method:
      return &draft.method;
    case Role::Params:
      return &draft.params;
    case Role::Result:
      return &draft.result;
    case Role::Error:
      return &draft.error;
    case Role::Name:
      return &draft.name;
    case Role::Arguments:
      return &draft.arguments;
    case Role::ProgressToken:
      return &draft.progress_token;
    case Role::ProtocolVersion:
      return &draft.protocol_version;
    case Role::MetaProtocolVersion:
      return &draft.meta_protocol_version;
    case Role::ClientName:
      return &draft.client_name;
    case Role::ClientVersion:
      return &draft.client_version;
    case Role::MetaClientName:
      return &draft.meta_client_name;
    case Role::MetaClientVersion:
      return &draft.meta_client_version;
    case Role::RequestId:
      return &draft.request_id;
    case Role::Tools:
      return &draft.tools;
    case Role::IsError:
      return &draft.is_error;
    case Role::ResultType:
      return &draft.result_type;
    default:
      return nullptr;
  }
}

// The visitor of a scan over one message.
class MessageVisitor {
 public:
  using Place = mcp::Place;

  MessageVisitor(StrictJson& json, Direction direction, Frame* frame)
      : json_(json), from_client_(direction == Direction::FromClient), filler_(frame) {}

  mcp::Place Member(const mcp::Place& record, std::string_view key);
  mcp::Place Element(const mcp::Place& list, std::uint32_t index);
  void Scalar(const mcp::Place& place, JsonScalar scalar);
  void Open(mcp::Place& place, bool is_record);
  void Close(const mcp::Place& place, bool is_record, std::string_view raw);

  const Draft& draft() const { return draft_; }
  // An argument differs from a name of the policy by letter case only.
  const std::string& argument_variant() const { return argument_variant_; }

 private:
  mcp::Place MemberOfArguments(const mcp::Place& record, std::string_view key);
  mcp::Place Below(const mcp::Place& parent, Role role, std::uint32_t node) const;

  StrictJson& json_;
  bool from_client_;
  SlotFiller filler_;
  Draft draft_;
  std::string argument_variant_;
};

Place MessageVisitor::Below(const Place& parent, Role role, std::uint32_t node) const {
  bool refuses = false;
  switch (role) {
    case Role::Params:
    case Role::Meta:
    case Role::ClientInfo:
    case Role::MetaClientInfo:
    case Role::Result:
    case Role::ListedTool:
      refuses = true;
      break;
    case Role::Arguments:
    case Role::Argument:
      refuses = from_client_;
      break;
    case Role::Data:
      // What a client sends in params is read by the server's own types; what a server sends is
      // data, where keys may well differ by case.
      refuses = from_client_ && parent.refuses_case_variants && parent.role != Role::Result;
      break;
    default:
      break;
  }
  return {role, refuses, node};
}

Place MessageVisitor::MemberOfArguments(const Place& record, std::string_view key) {
  const std::uint32_t node = filler_.Member(record.node, key);
  if (node == format::kNone && argument_variant_.empty() &&
      filler_.IsCaseVariant(record.node, key)) {
    argument_variant_ =
        "argument " + Quoted(key) + " differs from a name of the policy by letter case only";
  }
  return Below(record, Role::Argument, node);
}

Place MessageVisitor::Member(const Place& record, std::string_view key) {
  if (record.role == Role::Arguments || record.role == Role::Argument) {
    return MemberOfArguments(record, key);
  }
  const std::span<const MemberRole> members = MembersOf(record.role);
  if (members.empty()) return Below(record, Role::Data, format::kNone);
  if (const MemberRole* member = FindMember(members, key)) {
    const bool is_root = member->role == Role::Arguments && !json_.is_refused();
    return Below(record, member->role,
                 is_root ? filler_.RootNode(format::Root::Args) : format::kNone);
  }
  if (record.role == Role::Envelope) {
    json_.Refuse("unknown member " + Quoted(key));
  } else if (from_client_ || record.role != Role::Params) {
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

Place MessageVisitor::Element(const Place& list, std::uint32_t index) {
  switch (list.role) {
    case Role::Argument:
      return Below(list, Role::Argument, filler_.Element(list.node, index));
    case Role::Tools:
      return Below(list, Role::ListedTool, format::kNone);
    default:
      return Below(list, Role::Data, format::kNone);
  }
}

void MessageVisitor::Scalar(const Place& place, JsonScalar scalar) {
  if (place.role == Role::Argument || place.role == Role::Arguments) {
    filler_.Scalar(place.node, scalar);
  }
  Seen* const seen = SlotOf(draft_, place.role);
  if (seen == nullptr || seen->is_present()) return;
  seen->raw = scalar.raw();
  switch (scalar.kind) {
    case JsonKind::Null:
      seen->kind = Seen::Kind::Null;
      break;
    case JsonKind::False:
    case JsonKind::True:
      seen->kind = Seen::Kind::Bool;
      seen->boolean = scalar.kind == JsonKind::True;
      break;
    case JsonKind::Number:
      seen->kind = Seen::Kind::Number;
      break;
    case JsonKind::String:
      seen->kind = scalar.is_unreadable ? Seen::Kind::Unreadable : Seen::Kind::String;
      seen->text = json_.room().Text(scalar.raw(), scalar.has_escapes);
      break;
  }
}

void MessageVisitor::Open(Place& place, bool is_record) {
  if (place.role == Role::Argument || place.role == Role::Arguments) {
    filler_.Open(place.node, is_record);
  }
}

void MessageVisitor::Close(const Place& place, bool is_record, std::string_view raw) {
  if (place.role == Role::Argument || place.role == Role::Arguments) {
    filler_.Close(place.node, is_record, raw);
  }
  Seen* const seen = SlotOf(draft_, place.role);
  if (seen == nullptr || seen->is_present()) return;
  seen->kind = is_record ? Seen::Kind::Record : Seen::Kind::List;
  seen->raw = raw;
}

// -- judging the whole ---------------------------------------------------------------------------

// 2^53 - 1: the largest integer up to which every one is itself in binary64.
constexpr std::string_view kLargestId = "9007199254740991";

// Null: the id is one that every reader takes for the same.
const char* ProblemOfId(const Seen& id) {
  switch (id.kind) {
    case Seen::Kind::String:
      return id.raw.size() > kIdBytesMax ? "id is longer than 1024 bytes" : nullptr;
    case Seen::Kind::Number: {
      std::string_view digits = id.raw;
      if (digits == "-0") return "id is minus zero";
      if (digits.starts_with('-')) digits.remove_prefix(1);
      if (digits.find_first_not_of("0123456789") != std::string_view::npos) {
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

std::string_view TextOf(const Seen& seen) { return seen.text; }

// Reasons that do not depend on what kind of message it is. Empty: none.
std::string ProblemOfEnvelope(const Draft& draft) {
  if (draft.envelope.Is(Seen::Kind::List)) return "batches are not accepted";
  if (!draft.envelope.Is(Seen::Kind::Record)) return "the message is not an object";
  if (!draft.version.Is(Seen::Kind::String) || TextOf(draft.version) != "2.0") {
    return "jsonrpc is not \"2.0\"";
  }
  if (draft.id.is_present()) {
    if (const char* problem = ProblemOfId(draft.id)) return problem;
  }
  const bool has_answer = draft.result.is_present() || draft.error.is_present();
  if (draft.method.is_present() && has_answer) return "method beside result or error";
  if (draft.result.is_present() && draft.error.is_present()) return "result beside error";
  if (!draft.method.is_present() && !has_answer) return "neither method nor result nor error";
  return {};
}

std::string ProblemOfRequest(const Draft& draft) {
  if (!draft.method.Is(Seen::Kind::String)) return "method is not a string";
  if (draft.params.is_present() && !draft.params.Is(Seen::Kind::Record)) {
    return "params is not an object";
  }
  return {};
}

std::string ProblemOfToolsCall(const Draft& draft) {
  if (!draft.id.is_present()) return "tools/call without id";
  if (!draft.params.is_present()) return "tools/call without params";
  if (!draft.name.Is(Seen::Kind::String)) return "the tool's name is not a string";
  if (draft.name.text.size() > kToolNameBytesMax) {
    return "the tool's name is longer than " + std::to_string(kToolNameBytesMax) + " bytes";
  }
  if (draft.arguments.is_present() && !draft.arguments.Is(Seen::Kind::Record)) {
    return "arguments is not an object";
  }
  return {};
}

std::string ProblemOfResponse(const Draft& draft) {
  if (draft.params.is_present()) return "params beside result or error";
  if (draft.result.is_present()) {
    if (!draft.id.is_present()) return "result without id";
    return draft.result.Is(Seen::Kind::Record) ? "" : "result is not an object";
  }
  return draft.error.Is(Seen::Kind::Record) ? "" : "error is not an object";
}

bool IsToolsCall(const Draft& draft) {
  return draft.method.Is(Seen::Kind::String) && draft.method.text == "tools/call";
}

std::string ProblemOf(const Draft& draft, Direction direction) {
  if (std::string problem = ProblemOfEnvelope(draft); !problem.empty()) return problem;
  if (!draft.method.is_present()) return ProblemOfResponse(draft);
  if (std::string problem = ProblemOfRequest(draft); !problem.empty()) return problem;
  if (direction == Direction::FromServer || !IsToolsCall(draft)) return {};
  return ProblemOfToolsCall(draft);
}

// A number that is an integer, or a string: what MCP takes for a token.
std::string_view TokenOf(const Seen& seen) { return ProblemOfId(seen) == nullptr ? seen.raw : ""; }

Message MessageOf(const Draft& draft, std::string_view bytes) {
  Message message;
  message.bytes = bytes;
  message.id = draft.id.raw;
  if (!draft.method.is_present()) {
    message.kind = MessageKind::Response;
    message.result = draft.result.raw;
    message.error = draft.error.raw;
    if (draft.tools.Is(Seen::Kind::List)) message.result_tools = draft.tools.raw;
    message.result_is_error = draft.is_error.Is(Seen::Kind::Bool) && draft.is_error.boolean;
    message.result_is_final =
        draft.result_type.text != "input_required" && draft.result_type.text != "task";
    return message;
  }
  message.kind = draft.id.is_present() ? MessageKind::Request : MessageKind::Notification;
  message.method = draft.method.text;
  message.params = draft.params.raw;
  message.progress_token = TokenOf(draft.progress_token);
  const bool is_initialize = message.method == "initialize";
  message.protocol_version =
      is_initialize ? draft.protocol_version.text : draft.meta_protocol_version.text;
  message.client_name = is_initialize ? draft.client_name.text : draft.meta_client_name.text;
  message.client_version =
      is_initialize ? draft.client_version.text : draft.meta_client_version.text;
  if (message.method == "notifications/cancelled") message.request_id = TokenOf(draft.request_id);
  return message;
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
  if (draft.id.is_present() && ProblemOfId(draft.id) == nullptr) refusal.id = draft.id.raw;
  refusal.is_response =
      !draft.method.is_present() && (draft.result.is_present() || draft.error.is_present());
  // A method without an id is a notification; of a text that was not read to its end, who knows.
  const bool is_notification =
      draft.method.is_present() && !draft.id.is_present() && !outcome.stopped;
  refusal.is_request = !refusal.is_response && !is_notification;
  return refusal;
}

}  // namespace

struct MessageReader::Scratch {
  explicit Scratch(Direction from) : direction(from) {}

  const Direction direction;
  StrictJson json;
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
  MessageVisitor visitor(json, scratch_->direction, frame);
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

  Message message = MessageOf(draft, bytes);
  message.is_tools_call = is_tools_call;
  if (is_tools_call) {
    message.tool = draft.name.text;
    message.arguments = draft.arguments.is_present() ? draft.arguments.raw : "{}";
  }
  if (frame == nullptr) return message;
  if (!is_tools_call) {
    frame->Clear();  // arguments of prompts/get, and such
    return message;
  }
  frame->tool = KeptText(message.tool, draft.name.raw, *frame);
  frame->arguments = message.arguments;
  if (!draft.arguments.is_present()) {
    SlotFiller(frame).Close(static_cast<std::uint32_t>(format::Root::Args), /*is_record=*/true,
                            message.arguments);
  }
  return message;
}

}  // namespace policy::mcp
