// Reads the head of a request or response: one strict pass over its bytes, in place.
//
// Refused is whatever another reader could understand in another way, or leave out: bare LF or CR,
// folded lines, white space before a colon, control characters, headers twice that may stand once,
// Content-Length beside Transfer-Encoding, codings other than chunked, lengths that are not plain
// digits, a target that names another host than Host.
#ifndef RUNTIME_TRANSPORT_HTTP_HEAD_PARSER_H_
#define RUNTIME_TRANSPORT_HTTP_HEAD_PARSER_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "runtime/transport/http/http_head.h"

namespace policy::transport {

struct HeadEnd {
  enum class State : std::uint8_t { Incomplete, Complete, Malformed };
  State state = State::Incomplete;
  std::size_t size = 0;  // of a complete head, its empty line included
};

// Looks for the end of the head that `bytes` begin with. `scanned`: what an earlier look at the
// same, shorter bytes has seen, 0 at first; updated.
HeadEnd FindHeadEnd(std::string_view bytes, std::size_t& scanned);

// How the body behind a head is delimited, and what becomes of the connection.
struct Framing {
  bool is_chunked = false;
  bool has_length = false;
  std::uint64_t length = 0;  // where has_length
  bool keeps_alive = false;
  bool expects_continue = false;  // requests: the client waits for 100 before it sends the body
};

struct HeadRefusal {
  int status = 400;  // to answer a request with
  const char* text = "";
};

struct ParsedRequest {
  HttpRequestHead head;
  Framing framing;
};

struct ParsedResponse {
  HttpResponseHead head;
  Framing framing;  // has_length and not is_chunked where there can be no body
};

// `head`: whole, as FindHeadEnd found it. The result refers to it and to `room`, which holds as
// many headers as there may be.
std::expected<ParsedRequest, HeadRefusal> ParseRequestHead(std::string_view head,
                                                           std::span<HttpHeader> room);
// `is_answer_to_head`: of a HEAD request, so without a body whatever it says. Status may be 1xx.
struct ResponseContext {
  bool is_answer_to_head = false;
};
std::expected<ParsedResponse, HeadRefusal> ParseResponseHead(std::string_view head,
                                                             std::span<HttpHeader> room,
                                                             ResponseContext context);

// Whether `text` may stand as a header's name, and whether as its value: what is sent is held to
// the same as what is read.
bool IsHeaderName(std::string_view text);
bool IsHeaderValue(std::string_view text);
// A path with its query.
bool IsTarget(std::string_view text);

}  // namespace policy::transport

#endif  // RUNTIME_TRANSPORT_HTTP_HEAD_PARSER_H_
