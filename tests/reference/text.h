// The text functions of the language, written straight from its operator table.
#ifndef TESTS_REFERENCE_TEXT_H_
#define TESTS_REFERENCE_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reference {

// `*` matches any bytes; nothing else is special; the whole name.
bool MatchesPattern(std::string_view pattern, std::string_view name);

// Whether the absolute path stands at or below `base`; nullopt: unknown.
std::optional<bool> IsUnder(std::string_view path, std::string_view base);

// What an http(s) URL names, scheme and host in lower case; without one written, the scheme's port.
struct Url {
  std::string scheme;
  std::string host;
  int port = 0;
};

// nullopt: no URL with one reading.
std::optional<Url> ReadUrl(std::string_view text);
std::optional<std::string> HostOf(std::string_view url);
bool HostMatches(std::string_view host, std::string_view entry);

// The domain of one bare addr-spec in lower case; nullopt: unknown.
std::optional<std::string> DomainOf(std::string_view address);

// ASCII letters in lower case; nullopt: other letters that have case are in it.
std::optional<std::string> LowerOf(std::string_view text);

std::size_t CodePoints(std::string_view text);

// Unicode simple case folding, as RE2 has it.
bool SameButForCase(std::string_view a, std::string_view b);

// "2026-03-01T10:00:00Z", with offset and fraction, as Unix nanoseconds.
std::optional<std::int64_t> ReadTime(std::string_view text);
// The same, but text without an offset is read in `zone`; unknown where its clocks show that time
// twice or never.
std::optional<std::int64_t> ReadTimeIn(std::string_view text, const std::string& zone);

}  // namespace reference

#endif  // TESTS_REFERENCE_TEXT_H_
