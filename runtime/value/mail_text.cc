#include "runtime/value/mail_text.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace policy {

namespace {

constexpr std::size_t kDomainBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

enum ByteClass : std::uint8_t { kOther = 0, kLetter = 1, kDigit = 2, kHyphen = 4, kLocal = 8 };

constexpr std::array<std::uint8_t, 256> kClassOf = [] {
  std::array<std::uint8_t, 256> classes{};
  for (int c = 'a'; c <= 'z'; ++c) classes[static_cast<std::size_t>(c)] = kLetter | kLocal;
  for (int c = 'A'; c <= 'Z'; ++c) classes[static_cast<std::size_t>(c)] = kLetter | kLocal;
  for (int c = '0'; c <= '9'; ++c) classes[static_cast<std::size_t>(c)] = kDigit | kLocal;
  classes['-'] = kHyphen | kLocal;
  for (const char c : {'_', '+', '=', '\'', '&'}) classes[static_cast<unsigned char>(c)] = kLocal;
  return classes;
}();

bool Is(char c, int any_of) { return (kClassOf[static_cast<unsigned char>(c)] & any_of) != 0; }

// Takes what stands before the next dot off `rest`, and the dot. REQUIRES: `rest` is not used up.
struct DotWalk {
  std::string_view rest;
  bool done = false;

  std::string_view Next() {
    const std::size_t dot = rest.find('.');
    const std::string_view part = rest.substr(0, dot);
    done = dot == std::string_view::npos;
    if (!done) rest.remove_prefix(dot + 1);
    return part;
  }
};

bool IsPlainLocalPart(std::string_view local) {
  if (local.size() > kLocalPartBytesMax || local.starts_with('-')) return false;
  for (DotWalk walk{local}; !walk.done;) {
    const std::string_view run = walk.Next();
    if (run.empty() || !std::ranges::all_of(run, [](char c) { return Is(c, kLocal); })) {
      return false;
    }
  }
  return true;
}

bool IsPlainLabel(std::string_view label) {
  if (label.empty() || label.size() > kLabelBytesMax) return false;
  if (label.front() == '-' || label.back() == '-') return false;
  return std::ranges::all_of(label, [](char c) { return Is(c, kLetter | kDigit | kHyphen); });
}

bool IsPlainDomain(std::string_view domain) {
  if (domain.size() > kDomainBytesMax) return false;
  std::size_t label_count = 0;
  std::string_view label;
  for (DotWalk walk{domain}; !walk.done;) {
    label = walk.Next();
    if (!IsPlainLabel(label)) return false;
    ++label_count;
  }
  return label_count >= 2 && Is(label.front(), kLetter);
}

}  // namespace

std::optional<std::string_view> MailDomain(std::string_view address) {
  if (address.size() > kAddressBytesMax) return std::nullopt;
  const std::size_t at = address.find('@');
  if (at == std::string_view::npos || !IsPlainLocalPart(address.substr(0, at))) return std::nullopt;
  const std::string_view domain = address.substr(at + 1);
  if (!IsPlainDomain(domain)) return std::nullopt;
  return domain;
}

}  // namespace policy
