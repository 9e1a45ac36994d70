#include "runtime/gateway/config/json_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <utility>

namespace policy::gateway {
namespace {

// Builds the tree from the parser's events. The parser does not say where a token stands: between
// tokens are white space, commas and colons only, so the next one is found from the last one's end.
class TreeBuilder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  TreeBuilder(const std::string& path, std::string_view text) : path_(path), text_(text) {}

  bool null() override { return Scalar({}); }
  bool boolean(bool value) override {
    JsonNode node;
    node.type = JsonType::Bool;
    node.boolean = value;
    return Scalar(std::move(node));
  }
  bool number_integer(number_integer_t) override { return Number(); }
  bool number_unsigned(number_unsigned_t) override { return Number(); }
  bool number_float(number_float_t, const string_t&) override { return Number(); }
  bool string(string_t& value) override {
    JsonNode node;
    node.type = JsonType::String;
    node.text = std::move(value);
    return Scalar(std::move(node));
  }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(JsonType::Record); }
  bool start_array(std::size_t) override { return Open(JsonType::List); }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool key(string_t& value) override {
    const auto [begin, end] = NextToken();
    Level& level = open_.back();
    if (!level.keys.insert(value).second) {
      Trouble(begin, "the key `" + value + "` stands here twice");
    }
    level.key = std::move(value);
    level.key_begin = begin;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    // "[json.exception.parse_error.101] parse error at line 1, column 2: syntax error …"
    std::string_view what = error.what();
    const std::size_t colon = what.find(": ");
    if (colon != std::string_view::npos) what.remove_prefix(colon + 2);
    Trouble(position == 0 ? 0 : position - 1, "this is not JSON: " + std::string(what));
    return false;
  }

  void Trouble(std::size_t offset, std::string text) {
    const LineColumn at = LocateIn(text_, offset);
    troubles.push_back({path_, at.line, at.column, std::move(text)});
  }

  JsonNode root;
  ConfigTroubles troubles;

 private:
  struct Level {
    JsonNode node;
    std::string key;  // of the member that comes
    std::size_t key_begin = 0;
    std::unordered_set<std::string> keys;
  };

  std::pair<std::size_t, std::size_t> NextToken() {
    const std::size_t begin = std::min(text_.find_first_not_of(" \t\r\n,:", at_), text_.size());
    at_ = begin;
    if (at_ == text_.size()) return {begin, begin};
    const char first = text_[at_++];
    if (first == '"') {
      while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
      at_ = std::min(at_ + 1, text_.size());
    } else if (!std::string_view("{}[]").contains(first)) {
      at_ = std::min(text_.find_first_of(" \t\r\n,:]}", at_), text_.size());
    }
    return {begin, at_};
  }
  bool Number() {
    JsonNode node;
    node.type = JsonType::Number;
    return Scalar(std::move(node));
  }
  bool Scalar(JsonNode node) {
    std::tie(node.begin, node.end) = NextToken();
    if (node.type == JsonType::Number) node.text = text_.substr(node.begin, node.end - node.begin);
    Add(std::move(node));
    return true;
  }
  bool Open(JsonType type) {
    const auto [begin, end] = NextToken();
    if (open_.size() == kJsonDepthMax) {
      Trouble(begin, "nested deeper than " + std::to_string(kJsonDepthMax) + " levels");
      return false;
    }
    Level& level = open_.emplace_back();
    level.node.type = type;
    level.node.begin = begin;
    return true;
  }
  bool Close() {
    JsonNode node = std::move(open_.back().node);
    open_.pop_back();
    node.end = NextToken().second;
    Add(std::move(node));
    return true;
  }
  void Add(JsonNode node) {
    if (open_.empty()) {
      root = std::move(node);
    } else if (Level& level = open_.back(); level.node.type == JsonType::List) {
      level.node.items.push_back(std::move(node));
    } else {
      level.node.members.push_back({std::move(level.key), level.key_begin, std::move(node)});
    }
  }

  const std::string& path_;
  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Level> open_;
};

}  // namespace

const JsonNode* JsonNode::Find(std::string_view key) const {
  const auto found = std::ranges::find(members, key, &JsonMember::key);
  return found == members.end() ? nullptr : &found->value;
}

std::string_view NameOf(JsonType type) {
  switch (type) {
    case JsonType::Null:
      return "null";
    case JsonType::Bool:
      return "a boolean";
    case JsonType::Number:
      return "a number";
    case JsonType::String:
      return "a string";
    case JsonType::List:
      return "a list";
    case JsonType::Record:
      return "an object";
  }
  return "nothing";
}

LineColumn LocateIn(std::string_view text, std::size_t offset) {
  LineColumn at;
  for (const char c : text.substr(0, offset)) {
    if (c == '\n') {
      ++at.line;
      at.column = 1;
    } else if ((static_cast<unsigned char>(c) & 0xC0) != 0x80) {
      ++at.column;
    }
  }
  return at;
}

std::expected<JsonNode, ConfigTroubles> ParseJson(const std::string& path, std::string_view text) {
  TreeBuilder builder(path, text);
  if (text.starts_with("\xEF\xBB\xBF")) {
    builder.Trouble(0, "a byte order mark stands before the text");
    return std::unexpected(std::move(builder.troubles));
  }
  const bool is_json = nlohmann::json::sax_parse(text.begin(), text.end(), &builder);
  if (!is_json || !builder.troubles.empty()) return std::unexpected(std::move(builder.troubles));
  return std::move(builder.root);
}

}  // namespace policy::gateway
