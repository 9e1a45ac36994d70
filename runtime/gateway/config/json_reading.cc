#include "runtime/gateway/config/json_reading.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <filesystem>
#include <vector>

#include "runtime/value/suggestion.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kYearMax = 9'999;

std::string Meant(std::string_view word, std::span<const std::string_view> known) {
  if (const auto near = NearestWord(word, known)) {
    return "; did you mean `" + std::string(near->word) + "`?";
  }
  return "; known are " + Enumerate(known);
}

std::string InTicks(std::string_view text) { return "`" + std::string(text) + "`"; }

}  // namespace

void JsonInput::Trouble(std::size_t offset, std::string text) {
  const LineColumn at = LocateIn(text_, offset);
  troubles_.push_back({path_, at.line, at.column, std::move(text)});
}

std::string JsonInput::Resolve(std::string_view path) const {
  return (std::filesystem::path(path_).parent_path() / path).lexically_normal().string();
}

bool Expect(JsonInput& input, const JsonNode& node, JsonType type, std::string_view key) {
  if (node.type == type) return true;
  input.Trouble(node, InTicks(key) + " is " + std::string(NameOf(type)) + ", not " +
                          std::string(NameOf(node.type)));
  return false;
}

std::optional<std::string> ReadText(JsonInput& input, const JsonNode& node, std::string_view key) {
  if (!Expect(input, node, JsonType::String, key)) return std::nullopt;
  const bool has_control = std::ranges::any_of(
      node.text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
  if (node.text.empty() || has_control || node.text.size() > kConfigTextBytesMax) {
    input.Trouble(node, InTicks(key) + (node.text.empty() ? " is empty"
                                        : has_control     ? " holds a control character"
                                                          : " is too long"));
    return std::nullopt;
  }
  return node.text;
}

std::optional<std::uint64_t> ReadWhole(JsonInput& input, const JsonNode& node, std::string_view key,
                                       WholeRange range) {
  if (node.type == JsonType::Number) {
    std::uint64_t number = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, number);
    if (error == std::errc() && stop == end && number >= range.least && number <= range.most) {
      return number;
    }
  }
  input.Trouble(node, InTicks(key) + " is a whole number from " + std::to_string(range.least) +
                          " to " + std::to_string(range.most));
  return std::nullopt;
}

std::optional<std::int64_t> ParseUtcTime(std::string_view text) {
  // Every digit has its place: what timegm would carry over is refused by writing it back.
  constexpr std::string_view kShape = "0000-00-00T00:00:00Z";
  if (text.size() != kShape.size()) return std::nullopt;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool is_digit = text[i] >= '0' && text[i] <= '9';
    if (kShape[i] == '0' ? !is_digit : text[i] != kShape[i]) return std::nullopt;
  }
  const auto number = [&](std::size_t at, std::size_t size) {
    int value = 0;
    for (const char c : text.substr(at, size)) value = value * 10 + (c - '0');
    return value;
  };
  std::tm parts{};
  parts.tm_year = number(0, 4) - 1'900;
  parts.tm_mon = number(5, 2) - 1;
  parts.tm_mday = number(8, 2);
  parts.tm_hour = number(11, 2);
  parts.tm_min = number(14, 2);
  parts.tm_sec = number(17, 2);
  const std::int64_t time = ::timegm(&parts);
  if (FormatUtcTime(time) != text) return std::nullopt;
  return time;
}

std::string FormatUtcTime(std::int64_t unix_s) {
  const std::time_t time = unix_s;
  std::tm parts{};
  if (::gmtime_r(&time, &parts) == nullptr || parts.tm_year > kYearMax - 1'900) return "";
  std::array<char, 32> text;
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

std::optional<std::int64_t> ReadTime(JsonInput& input, const JsonNode& node, std::string_view key) {
  if (!Expect(input, node, JsonType::String, key)) return std::nullopt;
  const auto time = ParseUtcTime(node.text);
  if (!time) input.Trouble(node, InTicks(key) + " is a time in UTC: \"2026-12-31T23:59:59Z\"");
  return time;
}

RecordReader::RecordReader(JsonInput& input, const JsonNode& node, std::string_view what,
                           std::initializer_list<std::string_view> known)
    : input_(input),
      node_(node),
      what_(what),
      is_record_(Expect(input, node, JsonType::Record, what)) {
  const std::vector<std::string_view> words(known);
  for (const JsonMember& member : node.members) {
    if (std::ranges::find(words, std::string_view(member.key)) != words.end()) continue;
    input.Trouble(member.key_begin, "unknown key " + InTicks(member.key) + " in " +
                                        std::string(what) + Meant(member.key, words));
  }
}

const JsonNode* RecordReader::Find(std::string_view key) const { return node_.Find(key); }

const JsonNode* RecordReader::Require(std::string_view key) const {
  const JsonNode* const node = Find(key);
  if (node == nullptr && is_record_) {
    Trouble(std::string(what_) + " has no " + InTicks(key));
  }
  return node;
}

bool RecordReader::Text(std::string_view key, std::string& out) const {
  const JsonNode* const node = Find(key);
  auto text = node == nullptr ? std::nullopt : ReadText(input_, *node, key);
  if (!text) return false;
  out = *std::move(text);
  return true;
}

bool RecordReader::Path(std::string_view key, std::string& out) const {
  if (!Text(key, out)) return false;
  out = input_.Resolve(out);
  return true;
}

bool RecordReader::Bool(std::string_view key, bool& out) const {
  const JsonNode* const node = Find(key);
  if (node == nullptr || !Expect(input_, *node, JsonType::Bool, key)) return false;
  out = node->boolean;
  return true;
}

bool RecordReader::Texts(std::string_view key, std::vector<std::string>& out) const {
  const JsonNode* const node = Find(key);
  if (node == nullptr || !Expect(input_, *node, JsonType::List, key)) return false;
  std::vector<std::string> texts;
  for (const JsonNode& item : node->items) {
    auto text = ReadText(input_, item, key);
    if (!text) return false;
    texts.push_back(*std::move(text));
  }
  out = std::move(texts);
  return true;
}

std::optional<std::size_t> RecordReader::Word(std::string_view key,
                                              std::span<const std::string_view> words) const {
  const JsonNode* const node = Find(key);
  if (node == nullptr || !Expect(input_, *node, JsonType::String, key)) return std::nullopt;
  const auto found = std::ranges::find(words, std::string_view(node->text));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  input_.Trouble(*node, InTicks(node->text) + " is no " + InTicks(key) + Meant(node->text, words));
  return std::nullopt;
}

}  // namespace policy::gateway
