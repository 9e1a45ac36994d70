// What every reader of a file of configuration needs: known keys, values of a type, each mistake
// reported in one way and at its place.
//
//   RecordReader record(input, node, "a server", {"url", "policy"});
//   record.Text("url", server.url);
#ifndef RUNTIME_GATEWAY_CONFIG_JSON_READING_H_
#define RUNTIME_GATEWAY_CONFIG_JSON_READING_H_

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/gateway/config/config_trouble.h"
#include "runtime/gateway/config/json_document.h"

namespace policy::gateway {

inline constexpr std::size_t kConfigTextBytesMax = 65'536;  // one string

// The file being read, and what was found wrong with it.
class JsonInput {
 public:
  // `path` and `text` outlive this.
  JsonInput(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  void Trouble(std::size_t offset, std::string text);
  void Trouble(const JsonNode& node, std::string text) { Trouble(node.begin, std::move(text)); }

  const std::string& path() const { return path_; }
  std::string_view text() const { return text_; }
  // `path` as the file means it: relative to its folder.
  std::string Resolve(std::string_view path) const;
  ConfigTroubles& troubles() { return troubles_; }

 private:
  const std::string& path_;
  std::string_view text_;
  ConfigTroubles troubles_;
};

struct WholeRange {
  std::uint64_t least = 0;
  std::uint64_t most = 0;
};

// Values of any record; each reports what it cannot take, naming `key`.
std::optional<std::string> ReadText(JsonInput& input, const JsonNode& node, std::string_view key);
std::optional<std::uint64_t> ReadWhole(JsonInput& input, const JsonNode& node, std::string_view key,
                                       WholeRange range);
// A text with the date and time of RFC 3339 in UTC: "2026-12-31T23:59:59Z". Unix seconds.
std::optional<std::int64_t> ReadTime(JsonInput& input, const JsonNode& node, std::string_view key);
bool Expect(JsonInput& input, const JsonNode& node, JsonType type, std::string_view key);
std::optional<std::int64_t> ParseUtcTime(std::string_view text);
std::string FormatUtcTime(std::int64_t unix_s);

// The members of one record. Reports unknown keys when made. Each reading leaves `out` as it is
// where the member is missing or wrong, and is false then.
class RecordReader {
 public:
  // `what` names the record in messages: "a server". A node that is no record is reported, and
  // reads as an empty one. All outlive this.
  RecordReader(JsonInput& input, const JsonNode& node, std::string_view what,
               std::initializer_list<std::string_view> known);

  const JsonNode* Find(std::string_view key) const;
  // Likewise, and reports it as missing.
  const JsonNode* Require(std::string_view key) const;
  void Trouble(std::string text) const { input_.Trouble(node_, std::move(text)); }

  bool Text(std::string_view key, std::string& out) const;
  bool Path(std::string_view key, std::string& out) const;
  bool Bool(std::string_view key, bool& out) const;
  bool Texts(std::string_view key, std::vector<std::string>& out) const;
  template <typename Number>
  bool Whole(std::string_view key, Number& out, WholeRange range) const {
    const JsonNode* const node = Find(key);
    const auto number = node == nullptr ? std::nullopt : ReadWhole(input_, *node, key, range);
    if (number) out = static_cast<Number>(*number);
    return number.has_value();
  }
  // The index of a word of `words`.
  std::optional<std::size_t> Word(std::string_view key,
                                  std::span<const std::string_view> words) const;

 private:
  JsonInput& input_;
  const JsonNode& node_;
  std::string_view what_;
  bool is_record_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_JSON_READING_H_
