// What an HTTP request says of its message in headers, held against the message itself.
//
// Intermediaries route by Mcp-Method, Mcp-Name and Mcp-Param-*, servers act by the body: a request
// whose two halves differ is refused, so that nobody decides on one and acts on the other.
//
//   MirrorHeaders headers;
//   for (const auto& [name, value] : head) headers.Add(name, value);
//   const auto speech = CheckHeaders(headers, *message, marks.Find(message->tool));
//   if (!speech) answer(speech.error().http_status, ErrorText(message->id, speech.error()));
#ifndef RUNTIME_MCP_HEADER_AGREEMENT_H_
#define RUNTIME_MCP_HEADER_AGREEMENT_H_

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/mcp/header_marks.h"
#include "runtime/mcp/message.h"
#include "runtime/mcp/protocol_version.h"

namespace policy::mcp {

// The headers of one request that say something of its message. Not thread-safe; reusable.
class MirrorHeaders {
 public:
  struct Param {
    std::string_view name;  // behind Mcp-Param-, as sent
    std::string_view value;
  };

  // Takes note of a header if it is one of them; `name` and `value` outlive it.
  void Add(std::string_view name, std::string_view value);
  void Clear() { *this = {}; }

  // As sent; nullopt: not sent.
  std::optional<std::string_view> version() const { return version_; }
  std::optional<std::string_view> method() const { return method_; }
  std::optional<std::string_view> name() const { return name_; }
  std::span<const Param> params() const { return params_; }
  // The first name that was there twice, or again with `_` for `-`, which some servers take for the
  // same; empty: none.
  std::string_view repeated() const { return repeated_; }

 private:
  void AddOnce(std::optional<std::string_view>& to, std::string_view name, std::string_view value);

  std::optional<std::string_view> version_;
  std::optional<std::string_view> method_;
  std::optional<std::string_view> name_;
  std::vector<Param> params_;
  std::string_view repeated_;
};

// How a request is refused: an HTTP status, and the JSON-RPC error in its body.
struct HttpRefusal {
  int http_status = 400;
  int code = 0;
  std::string text;
  std::string data = {};  // raw JSON; empty: none
};

// What a request speaks.
struct Speech {
  Era era = Era::Legacy;
  std::string version;  // empty: a legacy request that does not say
};

// Which era a message that came over HTTP belongs to, and whether its headers say what it says.
// `marks`: those of the tool that it calls. Unknown Mcp-Param-* headers are let be; a header that
// says what the body does not is refused, known version or not.
std::expected<Speech, HttpRefusal> CheckHeaders(const MirrorHeaders& headers,
                                                const Message& message,
                                                std::span<const HeaderMark> marks);

// The refusal of a body that could not be read; its id is refusal.id, null where that is empty.
HttpRefusal HttpRefusalOf(const Refusal& refusal);

// The status under which a JSON-RPC error with this code goes out. Legacy: always 200.
int HttpStatusOf(int code, Era era);

// The error as a message. `id` raw; empty: null.
std::string ErrorText(std::string_view id, const HttpRefusal& refusal);

struct OwnedHeader {
  std::string name;
  std::string value;
};

// The headers that mirror a message which is sent to a server over HTTP: MCP-Protocol-Version where
// `version` is not empty, and in the modern era the others. `sent`: where the message came from;
// those of its Mcp-Param-* go along that no mark speaks of. May be null.
std::vector<OwnedHeader> MirrorHeadersOf(const Message& message, std::string_view version,
                                         std::span<const HeaderMark> marks,
                                         const MirrorHeaders* sent);

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_HEADER_AGREEMENT_H_
