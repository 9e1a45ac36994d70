#include "runtime/transport/http/head_parser.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>

namespace policy::transport {
namespace {

using Refused = std::unexpected<HeadRefusal>;

Refused Refuse(const char* text, int status = 400) {
  return Refused(HeadRefusal{.status = status, .text = text});
}

enum CharacterKind : std::uint8_t {
  kToken = 1,   // RFC 9110: names of headers, methods
  kTarget = 2,  // RFC 3986: characters of a path or query
  kHost = 4,    // names, addresses, and a port
};

constexpr std::array<std::uint8_t, 256> MakeKinds() {
  std::array<std::uint8_t, 256> kinds{};
  const auto mark = [&kinds](std::string_view characters, std::uint8_t kind) {
    for (const char c : characters) kinds[static_cast<std::uint8_t>(c)] |= kind;
  };
  const std::string_view alphanumeric =
      "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  mark(alphanumeric, kToken | kTarget | kHost);
  mark("!#$%&'*+-.^_`|~", kToken);
  mark("-._~!$&'()*+,;=:@/?%", kTarget);
  mark("-._[]:", kHost);
  return kinds;
}

constexpr std::array<std::uint8_t, 256> kKinds = MakeKinds();

bool Is(char c, CharacterKind kind) { return (kKinds[static_cast<std::uint8_t>(c)] & kind) != 0; }

// The end of the longest run of `kind` that begins at `at`.
const char* SkipKind(const char* at, const char* end, CharacterKind kind) {
  while (at != end && Is(*at, kind)) ++at;
  return at;
}

bool IsControl(char c) { return (static_cast<std::uint8_t>(c) < 0x20 && c != '\t') || c == '\x7f'; }

// The first control character but tabs from `at` on, or `end`.
const char* SkipText(const char* at, const char* end) {
#ifdef __SSE2__
  const __m128i space = _mm_set1_epi8(0x1f);
  const __m128i tab = _mm_set1_epi8('\t');
  const __m128i del = _mm_set1_epi8(0x7f);
  for (; end - at >= 16; at += 16) {
    const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i is_low = _mm_cmpeq_epi8(_mm_min_epu8(bytes, space), bytes);
    const __m128i is_bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(bytes, tab), is_low),
                                        _mm_cmpeq_epi8(bytes, del));
    const auto mask = static_cast<unsigned>(_mm_movemask_epi8(is_bad));
    if (mask != 0) return at + std::countr_zero(mask);
  }
#endif
  while (at != end && !IsControl(*at)) ++at;
  return at;
}

std::string_view Between(const char* begin, const char* end) {
  return {begin, static_cast<std::size_t>(end - begin)};
}

// What may stand once. Two of them are two readings.
enum Single : std::uint16_t {
  kNone = 0,
  kContentLength = 1 << 0,
  kTransferEncoding = 1 << 1,
  kHostName = 1 << 2,
  kAuthorization = 1 << 3,
  kContentType = 1 << 4,
  kContentEncoding = 1 << 5,
  kOrigin = 1 << 6,
  kExpect = 1 << 7,
  kLastEventId = 1 << 8,
  kConnection = 1 << 9,  // may stand more than once
};

Single Classify(std::string_view name) {
  switch (name.size()) {
    case 4:
      return SameHeaderText(name, "host") ? kHostName : kNone;
    case 6:
      if (SameHeaderText(name, "origin")) return kOrigin;
      return SameHeaderText(name, "expect") ? kExpect : kNone;
    case 10:
      return SameHeaderText(name, "connection") ? kConnection : kNone;
    case 12:
      return SameHeaderText(name, "content-type") ? kContentType : kNone;
    case 13:
      if (SameHeaderText(name, "authorization")) return kAuthorization;
      return SameHeaderText(name, "last-event-id") ? kLastEventId : kNone;
    case 14:
      return SameHeaderText(name, "content-length") ? kContentLength : kNone;
    case 16:
      return SameHeaderText(name, "content-encoding") ? kContentEncoding : kNone;
    case 17:
      return SameHeaderText(name, "transfer-encoding") ? kTransferEncoding : kNone;
    default:
      return kNone;
  }
}

bool IsMcp(std::string_view name) { return SameHeaderText(name.substr(0, 4), "mcp-"); }

std::optional<std::uint64_t> ReadLength(std::string_view text) {
  // 18 digits are below 2^63. A leading zero means another base to somebody.
  if (text.empty() || text.size() > 18 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  std::uint64_t length = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return length;
}

// Everything between the first line and the body.
struct Headers {
  std::span<const HttpHeader> all;
  std::string_view host;
  bool has_host = false;
  bool closes = false;
  Framing framing;
};

class HeadersReader {
 public:
  HeadersReader(const char* at, const char* end, std::span<HttpHeader> room)
      : at_(at), end_(end), room_(room) {}

  std::expected<Headers, HeadRefusal> Read() {
    // The head ends in an empty line, so there is always a next one.
    while (*at_ != '\r') {
      if (const auto refusal = ReadHeader()) return Refused(*refusal);
    }
    if (Between(at_, end_) != "\r\n") return Refuse("a bare carriage return");
    if (headers_.framing.is_chunked && headers_.framing.has_length) {
      return Refuse("Content-Length beside Transfer-Encoding");
    }
    headers_.all = room_.first(count_);
    return headers_;
  }

 private:
  static HeadRefusal Because(const char* text, int status = 400) {
    return {.status = status, .text = text};
  }

  std::optional<HeadRefusal> ReadHeader() {
    if (count_ == room_.size()) return Because("too many headers", 431);
    const char* const name_end = SkipKind(at_, end_, kToken);
    if (name_end == at_ || *name_end != ':') {
      return Because(*at_ == ' ' || *at_ == '\t' ? "a folded header" : "a malformed header name");
    }
    const char* begin = name_end + 1;
    while (*begin == ' ' || *begin == '\t') ++begin;
    const char* const line_end = SkipText(begin, end_);
    if (end_ - line_end < 2 || line_end[0] != '\r' || line_end[1] != '\n') {
      return Because("a control character in a header");
    }
    const char* value_end = line_end;
    while (value_end != begin && (value_end[-1] == ' ' || value_end[-1] == '\t')) --value_end;
    const HttpHeader header{Between(at_, name_end), Between(begin, value_end)};
    at_ = line_end + 2;
    if (const auto refusal = Note(header)) return refusal;
    room_[count_++] = header;
    return std::nullopt;
  }

  std::optional<HeadRefusal> Note(const HttpHeader& header) {
    const Single kind = Classify(header.name);
    if (kind == kNone) {
      return IsMcp(header.name) && HttpHeaders(room_.first(count_)).Find(header.name)
                 ? std::optional(Because("an Mcp header twice"))
                 : std::nullopt;
    }
    if (kind != kConnection && (seen_ & kind) != 0) return Because("a header twice");
    seen_ |= kind;
    return NoteSingle(kind, header.value);
  }

  std::optional<HeadRefusal> NoteSingle(Single kind, std::string_view value) {
    switch (kind) {
      case kContentLength: {
        const auto length = ReadLength(value);
        if (!length) return Because("a malformed Content-Length");
        headers_.framing.has_length = true;
        headers_.framing.length = *length;
        return std::nullopt;
      }
      case kTransferEncoding:
        if (!SameHeaderText(value, "chunked")) return Because("an unknown transfer coding", 501);
        headers_.framing.is_chunked = true;
        return std::nullopt;
      case kHostName:
        headers_.has_host = true;
        headers_.host = value;
        return std::nullopt;
      case kExpect:
        if (!SameHeaderText(value, "100-continue")) return Because("an unknown expectation", 417);
        headers_.framing.expects_continue = true;
        return std::nullopt;
      case kConnection:
        NoteConnection(value);
        return std::nullopt;
      default:
        return std::nullopt;
    }
  }

  void NoteConnection(std::string_view value) {
    while (!value.empty()) {
      const std::size_t comma = std::min(value.find(','), value.size());
      std::string_view option = value.substr(0, comma);
      while (!option.empty() && (option.front() == ' ' || option.front() == '\t')) {
        option.remove_prefix(1);
      }
      while (!option.empty() && (option.back() == ' ' || option.back() == '\t')) {
        option.remove_suffix(1);
      }
      if (SameHeaderText(option, "close")) headers_.closes = true;
      value.remove_prefix(std::min(comma + 1, value.size()));
    }
  }

  const char* at_;
  const char* end_;
  std::span<HttpHeader> room_;
  std::size_t count_ = 0;
  std::uint16_t seen_ = 0;
  Headers headers_;
};

// "HTTP/1.0" or "HTTP/1.1". nullopt: neither.
std::optional<std::uint8_t> ReadVersion(std::string_view text) {
  if (text == "HTTP/1.1") return std::uint8_t{1};
  if (text == "HTTP/1.0") return std::uint8_t{0};
  return std::nullopt;
}

bool HasGoodEscapes(std::string_view text) {
  const auto is_hex = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
  };
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (at + 2 >= text.size() || !is_hex(text[at + 1]) || !is_hex(text[at + 2])) return false;
  }
  return true;
}

// Fills path and query from the target. nullptr: done; else why not.
const char* ReadTarget(HttpRequestHead& head, const Headers& headers) {
  std::string_view target = head.target;
  if (target == "*") {
    head.path = target;
    return head.method == "OPTIONS" ? nullptr : "a malformed target";
  }
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  if (target.front() != '/') {  // as a client asks a forward proxy
    const bool is_http = SameHeaderText(target.substr(0, kHttp.size()), kHttp);
    const bool is_https = SameHeaderText(target.substr(0, kHttps.size()), kHttps);
    if (!is_http && !is_https) return "a malformed target";
    target.remove_prefix(is_http ? kHttp.size() : kHttps.size());
    const std::size_t slash = std::min(target.find_first_of("/?"), target.size());
    if (!SameHeaderText(target.substr(0, slash), headers.host)) {
      return "a target that names another host than Host";
    }
    target.remove_prefix(slash);
    if (target.empty() || target.front() != '/') return "a target without a path";
  }
  if (!HasGoodEscapes(target)) return "a malformed escape in the target";
  const std::size_t mark = std::min(target.find('?'), target.size());
  head.path = target.substr(0, mark);
  head.query = target.substr(std::min(mark + 1, target.size()));
  return nullptr;
}

}  // namespace

HeadEnd FindHeadEnd(std::string_view bytes, std::size_t& scanned) {
  using enum HeadEnd::State;
  std::size_t from = scanned;
  while (true) {
    const void* const found =
        from < bytes.size() ? std::memchr(bytes.data() + from, '\n', bytes.size() - from) : nullptr;
    if (found == nullptr) {
      scanned = bytes.size();
      return {};
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (at == 0 || bytes[at - 1] != '\r') return {.state = Malformed};
    if (at == 1) return {.state = Malformed};  // an empty line where the first should be
    if (bytes[at - 2] == '\n') return {.state = Complete, .size = at + 1};
    from = at + 1;
  }
}

std::expected<ParsedRequest, HeadRefusal> ParseRequestHead(std::string_view head,
                                                           std::span<HttpHeader> room) {
  const char* const begin = head.data();
  const char* const end = begin + head.size();
  ParsedRequest parsed;
  const char* const method_end = SkipKind(begin, end, kToken);
  if (method_end == begin || *method_end != ' ') return Refuse("a malformed request line");
  parsed.head.method = Between(begin, method_end);
  const char* const target = method_end + 1;
  const char* const target_end = SkipKind(target, end, kTarget);
  if (target_end == target || *target_end != ' ') return Refuse("a malformed target");
  parsed.head.target = Between(target, target_end);

  constexpr std::size_t kVersionBytes = 8;
  const char* const version = target_end + 1;
  if (static_cast<std::size_t>(end - version) < kVersionBytes + 2) {
    return Refuse("a malformed request line");
  }
  const auto minor = ReadVersion({version, kVersionBytes});
  if (!minor) return Refuse("a version other than HTTP/1.1 and HTTP/1.0", 505);
  parsed.head.minor_version = *minor;
  if (std::string_view(version + kVersionBytes, 2) != "\r\n") {
    return Refuse("a malformed request line");
  }

  const auto headers = HeadersReader(version + kVersionBytes + 2, end, room).Read();
  if (!headers) return Refused(headers.error());
  if (*minor == 1 && !headers->has_host) return Refuse("no Host");
  const std::string_view host = headers->host;
  if (!std::ranges::all_of(host, [](char c) { return Is(c, kHost); })) {
    return Refuse("a malformed Host");
  }
  if (*minor == 0 && headers->framing.is_chunked) {
    return Refuse("Transfer-Encoding in HTTP/1.0");
  }
  if (const char* const trouble = ReadTarget(parsed.head, *headers)) return Refuse(trouble);
  parsed.head.headers = HttpHeaders(headers->all);
  parsed.framing = headers->framing;
  parsed.framing.keeps_alive = *minor == 1 && !headers->closes;
  if (*minor == 0) parsed.framing.expects_continue = false;
  if (!parsed.framing.is_chunked) parsed.framing.has_length = true;  // none means no body
  return parsed;
}

std::expected<ParsedResponse, HeadRefusal> ParseResponseHead(std::string_view head,
                                                             std::span<HttpHeader> room,
                                                             ResponseContext context) {
  // "HTTP/1.1 200", then nothing or a reason behind a space, which nobody needs.
  constexpr std::size_t kStatusEnd = 12;
  const char* const begin = head.data();
  const char* const end = begin + head.size();
  if (head.size() < kStatusEnd + 4 || head[8] != ' ') return Refuse("a malformed status line");
  const auto minor = ReadVersion(head.substr(0, 8));
  if (!minor) return Refuse("a version other than HTTP/1.1 and HTTP/1.0");
  int status = 0;
  for (const char c : head.substr(9, 3)) {
    if (c < '0' || c > '9') return Refuse("a malformed status");
    status = status * 10 + (c - '0');
  }
  if (status < 100 || status > 599) return Refuse("a malformed status");
  const char* const line_end = SkipText(begin + kStatusEnd, end);
  if (begin[kStatusEnd] != ' ' && line_end != begin + kStatusEnd) {
    return Refuse("a malformed status line");
  }
  if (end - line_end < 2 || line_end[0] != '\r' || line_end[1] != '\n') {
    return Refuse("a control character in the status line");
  }

  const auto headers = HeadersReader(line_end + 2, end, room).Read();
  if (!headers) return Refused(headers.error());
  ParsedResponse parsed;
  parsed.head.status = status;
  parsed.head.minor_version = *minor;
  parsed.head.headers = HttpHeaders(headers->all);
  parsed.framing = headers->framing;
  parsed.framing.keeps_alive = *minor == 1 && !headers->closes;
  if (*minor == 0 && parsed.framing.is_chunked) return Refuse("Transfer-Encoding in HTTP/1.0");
  if (context.is_answer_to_head || status < 200 || status == 204 || status == 304) {
    parsed.framing.is_chunked = false;
    parsed.framing.has_length = true;
    parsed.framing.length = 0;
  }
  if (parsed.framing.has_length) parsed.head.content_length = parsed.framing.length;
  return parsed;
}

bool IsHeaderName(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return Is(c, kToken); });
}

bool IsHeaderValue(std::string_view text) {
  const char* const end = text.data() + text.size();
  return SkipText(text.data(), end) == end;
}

bool IsTarget(std::string_view text) {
  return text.starts_with('/') && HasGoodEscapes(text) &&
         std::ranges::all_of(text, [](char c) { return Is(c, kTarget); });
}

}  // namespace policy::transport
