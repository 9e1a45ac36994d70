// Bytes that are not text, within JSON: two hexadecimal digits each.
#ifndef RUNTIME_GATEWAY_ADMIN_HEX_TEXT_H_
#define RUNTIME_GATEWAY_ADMIN_HEX_TEXT_H_

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace policy::gateway {

std::string ToHex(std::string_view bytes);

// nullopt: not a string of pairs of digits.
std::optional<std::string> FromHex(const nlohmann::json& text);

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_ADMIN_HEX_TEXT_H_
