// Writing JSON, piece by piece, to the end of a text.
#ifndef RUNTIME_GATEWAY_JSON_TEXT_H_
#define RUNTIME_GATEWAY_JSON_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace policy::gateway {

// `text` with its quotes. Bytes that are not UTF-8 become U+FFFD: the output is always valid.
void AppendJsonString(std::string& out, std::string_view text);

void AppendJsonNumber(std::string& out, std::int64_t number);
void AppendJsonNumber(std::string& out, std::optional<std::int64_t> number);  // or null

// One line of `text` fit for a log or a terminal: control characters become `?`, and what goes
// past `bytes_max` becomes `…`.
std::string OneLine(std::string_view text, std::size_t bytes_max);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_JSON_TEXT_H_
