#include "runtime/transport/http/http_url.h"

#include <algorithm>
#include <charconv>

namespace policy::transport {
namespace {

using Failed = std::unexpected<std::string>;

Failed Fail(std::string_view url, std::string_view why) {
  return Failed("`" + std::string(url) + "` is no URL of an upstream: " + std::string(why));
}

bool IsHostCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '.' || c == '_';
}

bool IsAddressCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' ||
         c == '.';
}

std::string LowerAscii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return lower;
}

// What stands between the scheme and the path.
struct Authority {
  std::string host;
  std::string port;
};

std::expected<Authority, const char*> ReadAuthority(std::string_view text) {
  if (text.find('@') != std::string_view::npos) {
    return std::unexpected(
        "credentials do not stand in it; the configuration has a place for them");
  }
  Authority read;
  std::string_view rest;
  if (text.starts_with('[')) {
    const std::size_t close = text.find(']');
    if (close == std::string_view::npos) return std::unexpected("the bracket is not closed");
    read.host = LowerAscii(text.substr(1, close - 1));
    rest = text.substr(close + 1);
    if (!std::ranges::all_of(read.host, IsAddressCharacter)) {
      return std::unexpected("what stands in brackets is no address");
    }
  } else {
    const std::size_t colon = std::min(text.find(':'), text.size());
    read.host = LowerAscii(text.substr(0, colon));
    rest = text.substr(colon);
    if (!std::ranges::all_of(read.host, IsHostCharacter)) {
      return std::unexpected("the host has a character that no host has");
    }
  }
  if (read.host.empty() || read.host.size() > 253) return std::unexpected("there is no host");
  if (rest.empty()) return read;
  if (rest.front() != ':' || rest.size() < 2) return std::unexpected("the port is no number");
  read.port = rest.substr(1);
  return read;
}

}  // namespace

std::expected<HttpUrl, std::string> ParseHttpUrl(std::string_view url) {
  HttpUrl parsed;
  std::string_view rest = url;
  if (rest.starts_with("https://")) {
    parsed.is_https = true;
    rest.remove_prefix(8);
  } else if (rest.starts_with("http://")) {
    rest.remove_prefix(7);
  } else {
    return Fail(url, "it begins with neither https:// nor http://");
  }
  const bool is_plain = std::ranges::all_of(rest, [](char c) {
    return c > ' ' && c < '\x7f' && c != '\\' && c != '"' && c != '<' && c != '>' && c != '`' &&
           c != '{' && c != '}' && c != '|' && c != '^';
  });
  if (!is_plain) return Fail(url, "a character in it has to be written as %XX");
  if (rest.find('#') != std::string_view::npos) return Fail(url, "a fragment is not sent");

  const std::size_t slash = std::min(rest.find_first_of("/?"), rest.size());
  auto authority = ReadAuthority(rest.substr(0, slash));
  if (!authority) return Fail(url, authority.error());
  parsed.host = std::move(authority->host);
  parsed.port = parsed.is_https ? 443 : 80;
  const std::uint16_t usual_port = parsed.port;
  if (!authority->port.empty()) {
    const std::string& port = authority->port;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), parsed.port);
    const bool is_read = error == std::errc() && end == port.data() + port.size();
    if (!is_read || parsed.port == 0 || port[0] == '0') return Fail(url, "the port is no number");
  }
  const bool is_bracketed = parsed.host.find(':') != std::string::npos;
  parsed.authority = is_bracketed ? "[" + parsed.host + "]" : parsed.host;
  if (parsed.port != usual_port) parsed.authority += ":" + std::to_string(parsed.port);
  parsed.target = rest.substr(slash);
  if (!parsed.target.starts_with('/')) parsed.target.insert(0, "/");
  return parsed;
}

std::expected<HttpUrl, std::string> ResolveHttpUrl(const HttpUrl& base,
                                                   std::string_view reference) {
  // `//host/path` names another host to some, and a path to others.
  if (reference.starts_with('/') && !reference.starts_with("//")) {
    return ParseHttpUrl((base.is_https ? "https://" : "http://") + base.authority +
                        std::string(reference));
  }
  return ParseHttpUrl(reference);
}

}  // namespace policy::transport
