#include "runtime/transport/resp.h"

#include <charconv>
#include <utility>

namespace policy::transport {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

enum class Outcome : std::uint8_t { Done, NeedsMore, Bad };

class Parser {
 public:
  explicit Parser(std::string_view bytes) : bytes_(bytes) {}

  Outcome Parse(RespValue& value, int depth) {
    if (depth > kRespDepthMax || ++items_ > kRespItemsMax) return Outcome::Bad;
    std::string_view line;
    if (const Outcome outcome = TakeLine(line); outcome != Outcome::Done) return outcome;
    if (line.empty()) return Outcome::Bad;
    const char type = line[0];
    line.remove_prefix(1);
    switch (type) {
      case '+':
        return Simple(value, RespValue::Type::Status, line);
      case '-':
        return Simple(value, RespValue::Type::Error, line);
      case ',':
      case '(':
        return Simple(value, RespValue::Type::Text, line);
      case ':':
        value.type = RespValue::Type::Integer;
        return ReadInteger(line, value.integer) ? Outcome::Done : Outcome::Bad;
      case '#':
        value.type = RespValue::Type::Integer;
        value.integer = line == "t" ? 1 : 0;
        return line == "t" || line == "f" ? Outcome::Done : Outcome::Bad;
      case '_':
        return line.empty() ? Outcome::Done : Outcome::Bad;
      case '$':
        return Bulk(value, RespValue::Type::Text, line);
      case '=':
        return Bulk(value, RespValue::Type::Text, line);
      case '!':
        return Bulk(value, RespValue::Type::Error, line);
      case '*':
      case '~':
        return Items(value, RespValue::Type::Array, line, 1, depth);
      case '%':
        return Items(value, RespValue::Type::Array, line, 2, depth);
      case '>':
        return Items(value, RespValue::Type::Push, line, 1, depth);
      default:
        return Outcome::Bad;
    }
  }

  std::size_t consumed() const { return at_; }

 private:
  // A line without its end.
  Outcome TakeLine(std::string_view& line) {
    const std::size_t end = bytes_.find(kLineEnd, at_);
    if (end == std::string_view::npos) return Outcome::NeedsMore;
    line = bytes_.substr(at_, end - at_);
    if (line.find_first_of(kLineEnd) != std::string_view::npos) return Outcome::Bad;
    at_ = end + kLineEnd.size();
    return Outcome::Done;
  }

  static Outcome Simple(RespValue& value, RespValue::Type type, std::string_view line) {
    value.type = type;
    value.text = line;
    return Outcome::Done;
  }

  static bool ReadInteger(std::string_view text, std::int64_t& integer) {
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), integer);
    return error == std::errc() && end == text.data() + text.size();
  }

  Outcome Bulk(RespValue& value, RespValue::Type type, std::string_view line) {
    std::int64_t length = 0;
    if (!ReadInteger(line, length)) return Outcome::Bad;
    if (length == -1) return Outcome::Done;  // nil, as version 2 says it
    if (length < 0 || static_cast<std::size_t>(length) > kRespBytesMax) return Outcome::Bad;
    const auto size = static_cast<std::size_t>(length);
    if (bytes_.size() - at_ < size + kLineEnd.size()) return Outcome::NeedsMore;
    if (bytes_.substr(at_ + size, kLineEnd.size()) != kLineEnd) return Outcome::Bad;
    value.type = type;
    value.text = bytes_.substr(at_, size);
    at_ += size + kLineEnd.size();
    return Outcome::Done;
  }

  Outcome Items(RespValue& value, RespValue::Type type, std::string_view line, std::int64_t each,
                int depth) {
    std::int64_t count = 0;
    if (!ReadInteger(line, count)) return Outcome::Bad;
    if (count == -1) return Outcome::Done;
    if (count < 0 || count > static_cast<std::int64_t>(kRespItemsMax)) return Outcome::Bad;
    value.type = type;
    for (std::int64_t i = 0; i < count * each; ++i) {
      RespValue item;
      if (const Outcome outcome = Parse(item, depth + 1); outcome != Outcome::Done) return outcome;
      value.items.push_back(std::move(item));
    }
    return Outcome::Done;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t items_ = 0;
};

}  // namespace

void AppendRespCommand(std::string& bytes, std::span<const std::string> words) {
  bytes += '*' + std::to_string(words.size());
  bytes += kLineEnd;
  for (const std::string& word : words) {
    bytes += '$' + std::to_string(word.size());
    bytes += kLineEnd;
    bytes += word;
    bytes += kLineEnd;
  }
}

std::expected<std::optional<RespValue>, std::string> RespReader::Take() {
  if (bytes_.empty()) return std::nullopt;
  Parser parser(bytes_);
  RespValue value;
  const Outcome outcome = parser.Parse(value, 1);
  if (outcome == Outcome::Done) {
    bytes_.erase(0, parser.consumed());
    return value;
  }
  if (outcome == Outcome::NeedsMore && bytes_.size() <= kRespBytesMax + 64) return std::nullopt;
  return std::unexpected("what answers there does not speak the protocol of Redis");
}

}  // namespace policy::transport
