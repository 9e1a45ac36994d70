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

// The host of an http(s) URL in lower case; nullopt: no URL with one reading.
std::optional<std::string> HostOf(std::string_view url);
bool HostMatches(std::string_view host, std::string_view entry);

std::size_t CodePoints(std::string_view text);

// Unicode simple case folding, as RE2 has it.
bool SameButForCase(std::string_view a, std::string_view b);

// "2026-03-01T10:00:00Z", with offset and fraction, as Unix nanoseconds.
std::optional<std::int64_t> ReadTime(std::string_view text);

}  // namespace reference

#endif  // TESTS_REFERENCE_TEXT_H_
