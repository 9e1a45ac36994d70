#include "runtime/gateway/metrics/trace_context.h"

#include <algorithm>

namespace policy::gateway {
namespace {

constexpr std::string_view kDigits = "0123456789abcdef";
constexpr std::size_t kHeaderBytes = 55;  // of version 00
constexpr std::size_t kHeaderBytesMax = 512;
constexpr std::size_t kTracestateBytesMax = 512;

bool IsHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return kDigits.contains(c); });
}

bool IsZero(std::string_view text) { return text.find_first_not_of('0') == std::string_view::npos; }

// Of 0 bits nothing is left of an id: one of them is set.
template <std::size_t kSize>
void FillHex(std::array<char, kSize>& out, const std::uint8_t* bytes) {
  for (std::size_t i = 0; i < kSize / 2; ++i) {
    out[2 * i] = kDigits[bytes[i] >> 4];
    out[2 * i + 1] = kDigits[bytes[i] & 15];
  }
  if (IsZero({out.data(), kSize})) out[kSize - 1] = '1';
}

}  // namespace

std::string TraceContext::ToHeader() const {
  std::string header = "00-";
  header.append(trace());
  header.push_back('-');
  header.append(parent_id.data(), parent_id.size());
  header.push_back('-');
  header.push_back(kDigits[flags >> 4]);
  header.push_back(kDigits[flags & 15]);
  return header;
}

std::optional<TraceContext> ParseTraceparent(std::string_view header) {
  if (header.size() < kHeaderBytes || header.size() > kHeaderBytesMax) return std::nullopt;
  const std::string_view version = header.substr(0, 2);
  const std::string_view trace = header.substr(3, 32);
  const std::string_view parent = header.substr(36, 16);
  const std::string_view flags = header.substr(53, 2);
  const bool is_whole = header[2] == '-' && header[35] == '-' && header[52] == '-' &&
                        IsHex(version) && IsHex(trace) && IsHex(parent) && IsHex(flags);
  if (!is_whole || version == "ff" || IsZero(trace) || IsZero(parent)) return std::nullopt;
  // Later versions may say more behind a dash.
  if (header.size() > kHeaderBytes && (version == "00" || header[kHeaderBytes] != '-')) {
    return std::nullopt;
  }
  TraceContext context;
  std::ranges::copy(trace, context.trace_id.begin());
  std::ranges::copy(parent, context.parent_id.begin());
  // Of the flags only "sampled" is known; others are not passed on.
  context.flags = static_cast<std::uint8_t>(kDigits.find(flags[1]) & 1);
  return context;
}

TraceContext ContinueTrace(std::string_view header, const std::array<std::uint8_t, 24>& random) {
  TraceContext context{};
  if (const auto caller = ParseTraceparent(header)) {
    context = *caller;
  } else {
    FillHex(context.trace_id, random.data());
  }
  FillHex(context.parent_id, random.data() + 16);
  return context;
}

bool IsTracestate(std::string_view header) {
  return !header.empty() && header.size() <= kTracestateBytesMax &&
         std::ranges::all_of(header, [](char c) { return c >= ' ' && c < '\x7F'; });
}

}  // namespace policy::gateway
