#include "runtime/value/url_text.h"

#include <algorithm>

namespace policy {

namespace {

constexpr std::size_t kLabelBytesMax = 63;

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool IsHostByte(char c) {
  const char lower = Lower(c);
  return (lower >= 'a' && lower <= 'z') || IsDigit(c) || c == '-' || c == '_';
}

bool HasOnlyDigits(std::string_view text) { return std::ranges::all_of(text, IsDigit); }

bool IsHex(char c) { return IsDigit(c) || (Lower(c) >= 'a' && Lower(c) <= 'f'); }

// Where the last label is a number, readers take the whole host for an address.
bool LooksLikeNumber(std::string_view label) {
  if (HasOnlyDigits(label)) return true;
  if (!label.starts_with("0x") && !label.starts_with("0X")) return false;
  return std::ranges::all_of(label.substr(2), IsHex);
}

// One of the four numbers of an address as everybody writes it.
bool IsPlainOctet(std::string_view label) {
  if (label.empty() || label.size() > 3 || !HasOnlyDigits(label)) return false;
  if (label.size() > 1 && label.front() == '0') return false;
  return label.size() < 3 || label <= "255";
}

// Checks every label of `host` and copies it in lower case.
std::optional<UrlHost> ReadHost(std::string_view host) {
  if (host.empty() || host.size() > kHostBytesMax) return std::nullopt;
  std::size_t label_count = 0;
  std::size_t octet_count = 0;
  std::string_view last;
  for (std::string_view rest = host;;) {
    last = rest.substr(0, rest.find('.'));
    if (last.empty() || last.size() > kLabelBytesMax) return std::nullopt;
    if (!std::ranges::all_of(last, IsHostByte)) return std::nullopt;
    ++label_count;
    octet_count += IsPlainOctet(last);
    if (last.size() == rest.size()) break;
    rest.remove_prefix(last.size() + 1);
  }
  UrlHost result;
  result.is_address = label_count == 4 && octet_count == 4;
  if (LooksLikeNumber(last) && !result.is_address) return std::nullopt;
  std::ranges::transform(host, result.bytes.begin(), Lower);
  result.size = static_cast<std::uint8_t>(host.size());
  return result;
}

// A port as everybody writes it, or nullopt.
std::optional<std::uint16_t> ReadPort(std::string_view port) {
  if (port.empty() || port.size() > 5 || !HasOnlyDigits(port) || port.front() == '0') {
    return std::nullopt;
  }
  std::uint32_t number = 0;
  for (const char c : port) number = number * 10 + static_cast<std::uint32_t>(c - '0');
  if (number > 65'535) return std::nullopt;
  return static_cast<std::uint16_t>(number);
}

struct Scheme {
  std::string_view prefix;
  bool is_https;
  std::uint16_t port;
};
constexpr Scheme kSchemes[] = {{"http://", false, 80}, {"https://", true, 443}};

// Takes "http://" or "https://", in any case, off `url`; null: it begins with neither.
const Scheme* TakeScheme(std::string_view& url) {
  for (const Scheme& scheme : kSchemes) {
    if (url.size() < scheme.prefix.size()) continue;
    const bool is_it = std::equal(scheme.prefix.begin(), scheme.prefix.end(), url.begin(),
                                  [](char s, char u) { return s == Lower(u); });
    if (!is_it) continue;
    url.remove_prefix(scheme.prefix.size());
    return &scheme;
  }
  return nullptr;
}

bool IsBlankOrBackslash(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= ' ' || byte == 0x7F || c == '\\';
}

}  // namespace

std::optional<Url> ReadUrl(std::string_view url) {
  if (std::ranges::any_of(url, IsBlankOrBackslash)) return std::nullopt;
  const Scheme* const scheme = TakeScheme(url);
  if (scheme == nullptr) return std::nullopt;
  const std::size_t authority_size = std::min(url.find_first_of("/?#"), url.size());
  const std::string_view authority = url.substr(0, authority_size);
  const std::string_view rest = url.substr(authority_size);
  if (!rest.empty() && rest.front() != '/' && rest.contains('@')) return std::nullopt;

  const std::size_t colon = authority.find(':');
  const auto port =
      colon == std::string_view::npos ? scheme->port : ReadPort(authority.substr(colon + 1));
  const auto host = ReadHost(authority.substr(0, colon));
  if (!port || !host) return std::nullopt;
  return Url{*host, scheme->is_https, *port};
}

std::optional<UrlHost> ReadUrlHost(std::string_view url) {
  const auto read = ReadUrl(url);
  if (!read) return std::nullopt;
  return read->host;
}

std::optional<std::string> NormalHostPattern(std::string_view text) {
  const bool is_wildcard = text.starts_with("*.");
  const auto host = ReadHost(is_wildcard ? text.substr(2) : text);
  if (!host || (is_wildcard && host->is_address)) return std::nullopt;
  return (is_wildcard ? "*." : "") + std::string(host->text());
}

}  // namespace policy
