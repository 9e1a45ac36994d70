#include "runtime/mcp/header_agreement.h"

#include <algorithm>
#include <array>

#include "runtime/mcp/header_value.h"
#include "runtime/mcp/record_text.h"
#include "runtime/mcp/session.h"
#include "runtime/mcp/strict_json.h"
#include "runtime/value/decimal.h"
#include "runtime/value/json_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

constexpr std::string_view kVersionHeader = "MCP-Protocol-Version";
constexpr std::string_view kMethodHeader = "Mcp-Method";
constexpr std::string_view kNameHeader = "Mcp-Name";

// Which member of params the header Mcp-Name repeats.
struct NamedMethod {
  std::string_view method;
  std::string_view member;
};
constexpr std::array<NamedMethod, 6> kNamedMethods = {{{"tools/call", "name"},
                                                       {"prompts/get", "name"},
                                                       {"resources/read", "uri"},
                                                       {"tasks/get", "taskId"},
                                                       {"tasks/update", "taskId"},
                                                       {"tasks/cancel", "taskId"}}};

// Servers that hand headers on as variables of an environment see no difference between - and _.
char Folded(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<char>(c | 0x20);
  return c == '_' ? '-' : c;
}

bool SameFolded(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Folded, Folded);
}

std::unexpected<HttpRefusal> Refuse(int code, std::string text, std::string data = {}) {
  return std::unexpected(HttpRefusal{
      .http_status = 400, .code = code, .text = std::move(text), .data = std::move(data)});
}

std::unexpected<HttpRefusal> Mismatch(std::string_view header, std::string_view how) {
  return Refuse(kHeaderMismatchCode, "header " + std::string(header) + " " + std::string(how));
}

std::unexpected<HttpRefusal> UnsupportedVersion(std::string_view requested, std::string supported) {
  std::string data = R"({"supported":)" + std::move(supported) + R"(,"requested":)";
  AppendJsonString(requested, data);
  return Refuse(kUnsupportedVersionCode, "unsupported protocol version", data + "}");
}

std::string_view NameMemberOf(std::string_view method) {
  const auto named = std::ranges::find(kNamedMethods, method, &NamedMethod::method);
  return named == kNamedMethods.end() ? std::string_view() : named->member;
}

// -- which era -----------------------------------------------------------------------------------

// A request that says its version in _meta: it is of the modern era, and has to say the rest too.
std::expected<Speech, HttpRefusal> SpeechOfClaim(const MirrorHeaders& headers,
                                                 const Message& message, std::string_view meta,
                                                 std::string_view raw_claim) {
  const auto claim = TextOf(raw_claim);
  const bool is_request = message.kind == MessageKind::Request;
  if (!claim) {
    return Refuse(kInvalidParamsCode, "_meta: " + std::string(kVersionMeta) + " is not a string");
  }
  if (is_request && !headers.version()) return Mismatch(kVersionHeader, "is missing");
  if (headers.version() && *headers.version() != *claim) {
    return Mismatch(kVersionHeader, "is not the version in _meta");
  }
  if (!IsSupportedVersion(*claim) || EraOf(*claim) != Era::Modern) {
    return UnsupportedVersion(*claim, ModernVersionList());
  }
  if (is_request && !IsRecord(MemberOf(meta, kCapabilitiesMeta))) {
    return Refuse(kInvalidParamsCode,
                  "_meta: " + std::string(kCapabilitiesMeta) + " is missing or no object");
  }
  if (message.method == "initialize") {  // or it would be taken for the other era's further on
    return std::unexpected(HttpRefusal{.http_status = 404,
                                       .code = kMethodNotFoundCode,
                                       .text = "version " + *claim + " has no initialize"});
  }
  return Speech{.era = Era::Modern, .version = *claim};
}

std::expected<Speech, HttpRefusal> SpeechOf(const MirrorHeaders& headers, const Message& message) {
  const std::string_view meta = MemberOf(message.params, "_meta");
  const std::string_view raw_claim = MemberOf(meta, kVersionMeta);
  if (!raw_claim.empty()) return SpeechOfClaim(headers, message, meta, raw_claim);
  if (!headers.version()) return Speech{};
  const std::string_view version = *headers.version();
  if (!IsSupportedVersion(version)) return UnsupportedVersion(version, VersionList());
  if (EraOf(version) == Era::Legacy) return Speech{.version = std::string(version)};
  switch (message.kind) {
    case MessageKind::Notification:
      break;
    case MessageKind::Response:
      return Refuse(kInvalidRequestCode,
                    "responses are not sent in version " + std::string(version));
    case MessageKind::Request:
      if (message.method == "initialize") {
        return Mismatch(kVersionHeader, "names a version that has no initialize");
      }
      return Refuse(kInvalidParamsCode, "_meta: " + std::string(kVersionMeta) + " is missing");
  }
  return Speech{.era = Era::Modern, .version = std::string(version)};
}

// -- whether the headers say what the body says --------------------------------------------------

std::expected<void, HttpRefusal> CheckName(const MirrorHeaders& headers, const Message& message,
                                           bool is_required) {
  const std::string_view member = NameMemberOf(message.method);
  const auto said = member.empty() ? std::nullopt : TextOf(MemberOf(message.params, member));
  if (!headers.name()) {
    if (is_required && said) return Mismatch(kNameHeader, "is missing");
    return {};
  }
  const auto name = DecodeHeaderValue(*headers.name());
  if (!name) return Mismatch(kNameHeader, "cannot be read");
  if (!said || *name != *said) return Mismatch(kNameHeader, "is not what the body names");
  return {};
}

// Empty: the place is empty, or null stands there.
std::string_view ValueAt(std::string_view arguments, std::span<const std::string> path) {
  std::string_view value = arguments;
  for (const std::string& key : path) value = MemberOf(value, key);
  return value == "null" ? std::string_view() : value;
}

// A visitor that only lets itself be told what stands there.
struct NumberVisitor {
  struct Place {
    bool refuses_case_variants() const { return false; }
  };
  Place Member(const Place&, const JsonKey&) { return {}; }
  Place Element(const Place&, std::uint32_t) { return {}; }
  void Scalar(const Place&, JsonKind kind, std::string_view) {
    is_number = kind == JsonKind::Number;
  }
  void Open(Place&, bool) {}
  void Close(const Place&, bool, std::string_view) {}

  bool is_number = false;
};

bool IsJsonNumber(std::string_view text) {
  if (text.empty() || text.size() > kNumberBytesMax) return false;
  if (text.find_first_not_of("+-.0123456789Ee") != std::string_view::npos) return false;
  StrictJson json;
  NumberVisitor visitor;
  json.Scan(text, {}, visitor);
  return json.outcome().syntax_error == nullptr && visitor.is_number;
}

// 42 and 42.0 are the same; what is beyond exact numbers is the same only as text.
bool SaysNumber(std::string_view said, std::string_view number) {
  if (said == number) return true;
  if (!IsJsonNumber(said)) return false;
  const auto a = ParseDecimal(said);
  return a && a == ParseDecimal(number);
}

bool SaysValue(std::string_view said, std::string_view value) {
  if (const auto text = TextOf(value)) return said == *text;
  if (value == "true" || value == "false") return said == value;
  if (value.starts_with('{') || value.starts_with('[')) return false;
  return SaysNumber(said, value);
}

std::expected<void, HttpRefusal> CheckParams(const MirrorHeaders& headers, const Message& message,
                                             std::span<const HeaderMark> marks, bool is_required) {
  for (const HeaderMark& mark : marks) {
    const std::string header = std::string(kParamHeaderPrefix) + mark.name;
    const std::string_view value = ValueAt(message.arguments, mark.path);
    const auto sent = std::ranges::find_if(
        headers.params(),
        [&mark](const MirrorHeaders::Param& param) { return SameFolded(param.name, mark.name); });
    if (sent == headers.params().end()) {
      if (is_required && !value.empty()) return Mismatch(header, "is missing");
      continue;
    }
    const auto said = DecodeHeaderValue(sent->value);
    if (!said) return Mismatch(header, "cannot be read");
    if (value.empty() || !SaysValue(*said, value)) {
      return Mismatch(header, "is not what the arguments say");
    }
  }
  return {};
}

// How a marked value is written; nullopt: it is none that a header may have.
std::optional<std::string> HeaderTextOf(std::string_view value) {
  if (value.empty() || value.starts_with('{') || value.starts_with('[')) return std::nullopt;
  if (const auto text = TextOf(value)) return EncodeHeaderValue(*text);
  return std::string(value);  // a number or a boolean, as it was sent
}

}  // namespace

void MirrorHeaders::AddOnce(std::optional<std::string_view>& to, std::string_view name,
                            std::string_view value) {
  if (to) {
    if (repeated_.empty()) repeated_ = name;
    return;
  }
  to = value;
}

void MirrorHeaders::Add(std::string_view name, std::string_view value) {
  if (SameFolded(name, kVersionHeader)) return AddOnce(version_, name, value);
  if (SameFolded(name, kMethodHeader)) return AddOnce(method_, name, value);
  if (SameFolded(name, kNameHeader)) return AddOnce(name_, name, value);
  if (!SameFolded(name.substr(0, kParamHeaderPrefix.size()), kParamHeaderPrefix)) return;
  const Param param = {name.substr(kParamHeaderPrefix.size()), value};
  const bool is_known = std::ranges::any_of(
      params_, [&param](const Param& other) { return SameFolded(other.name, param.name); });
  if (is_known && repeated_.empty()) repeated_ = name;
  params_.push_back(param);
}

std::expected<Speech, HttpRefusal> CheckHeaders(const MirrorHeaders& headers,
                                                const Message& message,
                                                std::span<const HeaderMark> marks) {
  if (!headers.repeated().empty()) return Mismatch(headers.repeated(), "is there twice");
  auto speech = SpeechOf(headers, message);
  if (!speech) return speech;
  const bool is_required = speech->era == Era::Modern && message.kind == MessageKind::Request;
  if (headers.method() ? *headers.method() != message.method : is_required) {
    return Mismatch(kMethodHeader, headers.method() ? "is not the body's method" : "is missing");
  }
  if (auto agrees = CheckName(headers, message, is_required); !agrees) {
    return std::unexpected(std::move(agrees.error()));
  }
  if (message.is_tools_call) {
    if (auto agrees = CheckParams(headers, message, marks, is_required); !agrees) {
      return std::unexpected(std::move(agrees.error()));
    }
  }
  return speech;
}

HttpRefusal HttpRefusalOf(const Refusal& refusal) {
  return {.http_status = 400, .code = refusal.code, .text = refusal.reason};
}

int HttpStatusOf(int code, Era era) {
  if (era == Era::Legacy) return 200;
  switch (code) {
    case kMethodNotFoundCode:
      return 404;
    case -32700:
    case kInvalidRequestCode:
    case kHeaderMismatchCode:
    case kMissingCapabilityCode:
    case kUnsupportedVersionCode:
      return 400;
    default:
      return 200;
  }
}

std::string ErrorText(std::string_view id, const HttpRefusal& refusal) {
  std::string text = R"({"jsonrpc":"2.0","id":)";
  text += id.empty() ? "null" : id;
  text += R"(,"error":{"code":)" + std::to_string(refusal.code) + R"(,"message":)";
  AppendJsonString(refusal.text, text);
  if (!refusal.data.empty()) text += R"(,"data":)" + refusal.data;
  return text + "}}";
}

std::vector<OwnedHeader> MirrorHeadersOf(const Message& message, std::string_view version,
                                         std::span<const HeaderMark> marks,
                                         const MirrorHeaders* sent) {
  std::vector<OwnedHeader> headers;
  if (version.empty()) return headers;
  headers.push_back({std::string(kVersionHeader), std::string(version)});
  if (EraOf(version) == Era::Legacy || message.kind == MessageKind::Response) return headers;
  headers.push_back({std::string(kMethodHeader), EncodeHeaderValue(message.method)});
  if (const std::string_view member = NameMemberOf(message.method); !member.empty()) {
    if (const auto name = TextOf(MemberOf(message.params, member))) {
      headers.push_back({std::string(kNameHeader), EncodeHeaderValue(*name)});
    }
  }
  for (const HeaderMark& mark : marks) {
    if (auto text = HeaderTextOf(ValueAt(message.arguments, mark.path))) {
      headers.push_back({std::string(kParamHeaderPrefix) + mark.name, std::move(*text)});
    }
  }
  if (sent == nullptr) return headers;
  for (const MirrorHeaders::Param& param : sent->params()) {
    const bool is_marked = std::ranges::any_of(
        marks, [&param](const HeaderMark& mark) { return SameFolded(mark.name, param.name); });
    if (is_marked) continue;
    headers.push_back(
        {std::string(kParamHeaderPrefix) + std::string(param.name), std::string(param.value)});
  }
  return headers;
}

}  // namespace policy::mcp
