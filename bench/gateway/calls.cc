#include "bench/gateway/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace policy::bench {

namespace {

constexpr std::string_view kBeforeId = R"({"jsonrpc":"2.0","id":)";
constexpr std::string_view kAfterId = R"(,"result":{"content":[{"type":"text","text":"ok"}]}})";

// Prose with the escapes that prose has, cut to `size` without cutting an escape.
std::string Reason(std::size_t size) {
  constexpr std::string_view kLine =
      R"(The parcel came late, its box was torn, and the label said \"fragile\" twice.\n)";
  std::string reason;
  while (reason.size() + kLine.size() <= size) reason.append(kLine);
  return reason.append(size - reason.size(), '.');
}

// The number at the start of `text`, spaces before it left out; 0 where there is none.
std::int64_t NumberAt(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number);
  return end.ec == std::errc() ? number : 0;
}

}  // namespace

std::string InitializeRequest(std::int64_t id) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"initialize","params":)"
                     R"({{"protocolVersion":"2025-06-18","capabilities":{{}},)"
                     R"("clientInfo":{{"name":"bench","version":"1"}}}}}})"
                     "\n",
                     id);
}

std::string ToolsListRequest(std::int64_t id) {
  return fmt::format(R"({{"jsonrpc":"2.0","id":{},"method":"tools/list"}})"
                     "\n",
                     id);
}

Calls::Calls(std::size_t request_bytes) {
  constexpr std::string_view kIdAndAmount =
      "1000000"
      "10.50";
  before_amount_ = R"(,"method":"tools/call","params":{"name":"create_refund","arguments":{)"
                   R"("customer_id":"cus_Ka82bQ","order_id":"2026-11-004711","amount":)";
  after_amount_ = R"(,"currency":"EUR","reason":")";
  const std::string_view end = "\"}}}\n";
  const std::size_t size = kBeforeId.size() + kIdAndAmount.size() + before_amount_.size() +
                           after_amount_.size() + end.size();
  after_amount_.append(Reason(request_bytes > size ? request_bytes - size : 0)).append(end);
}

void Calls::Append(std::int64_t id, std::string& lines) const {
  std::array<char, 20> digits;
  const auto id_end = std::to_chars(digits.data(), digits.data() + digits.size(), id);
  lines.append(kBeforeId).append(digits.data(), id_end.ptr).append(before_amount_);
  const auto amount_end = std::to_chars(digits.data(), digits.data() + digits.size(), 10 + id % 90);
  lines.append(digits.data(), amount_end.ptr).append(".50").append(after_amount_);
}

Answer ReadAnswer(std::string_view line) {
  if (line.starts_with(kBeforeId) && line.ends_with(kAfterId)) {
    const std::string_view digits =
        line.substr(kBeforeId.size(), line.size() - kBeforeId.size() - kAfterId.size());
    if (digits.size() == 7) return {Verdict::Same, NumberAt(digits)};
  }
  const std::size_t id = line.find("\"id\":");
  const bool is_refused = line.find("\"error\"") != std::string_view::npos ||
                          line.find("\"isError\":true") != std::string_view::npos ||
                          line.find("\"isError\": true") != std::string_view::npos;
  if (id == std::string_view::npos || is_refused ||
      line.find("\"result\"") == std::string_view::npos) {
    return {};
  }
  return {Verdict::Rewritten, NumberAt(line.substr(id + 5))};
}

}  // namespace policy::bench
