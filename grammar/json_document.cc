#include "grammar/json_document.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "grammar/json_grammar.h"
#include "grammar/limits.h"
#include "grammar/shared_reports.h"
#include "runtime/value/utf8.h"

namespace policy::json {

namespace {

namespace grammar = json_grammar;

struct DepthExceeded {
  std::uint32_t offset;
};

// The containers that are open, the innermost last.
class Tree {
 public:
  explicit Tree(std::size_t depth_max) : depth_max_(depth_max) {}

  void Open(Kind kind, std::uint32_t offset) {
    if (open_.size() == depth_max_) throw DepthExceeded{offset};
    Frame frame;
    frame.value.kind = kind;
    frame.value.span.begin = offset;
    open_.push_back(std::move(frame));
  }

  void Close(std::uint32_t end_offset) {
    Value value = std::move(open_.back().value);
    open_.pop_back();
    value.span.end = end_offset;
    Add(std::move(value));
  }

  void Key(std::string key, Span span) {
    open_.back().key = std::move(key);
    open_.back().key_span = span;
  }

  void Add(Value value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (Frame& frame = open_.back(); frame.value.kind == Kind::List) {
      frame.value.items.push_back(std::move(value));
    } else {
      frame.value.members.push_back({std::move(frame.key), frame.key_span, std::move(value)});
    }
  }

  Value TakeRoot() { return std::move(root_); }

 private:
  struct Frame {
    Value value;
    std::string key;
    Span key_span;
  };
  std::size_t depth_max_;
  std::vector<Frame> open_;
  Value root_;
};

template <typename Input>
Span SpanOf(const Input& in) {
  const auto begin = static_cast<std::uint32_t>(in.position().byte);
  return {begin, begin + static_cast<std::uint32_t>(in.size())};
}

std::uint32_t HexValue(std::string_view digits) {
  std::uint32_t value = 0;
  for (char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
    value = value * 16 + static_cast<std::uint32_t>(digit);
  }
  return value;
}

template <typename Input>
std::string UnescapeQuoted(const Input& in) {
  const std::string_view quoted(in.begin(), in.size());
  auto text = Unescape(quoted.substr(1, quoted.size() - 2));
  if (!text) throw tao::pegtl::parse_error("the string holds half of a surrogate pair", in);
  return *std::move(text);
}

template <typename Rule>
struct Build : tao::pegtl::nothing<Rule> {};

template <Kind kKind>
struct OpenContainer {
  template <typename Input>
  static void apply(const Input& in, Tree& tree) {
    tree.Open(kKind, SpanOf(in).begin);
  }
};
struct CloseContainer {
  template <typename Input>
  static void apply(const Input& in, Tree& tree) {
    tree.Close(SpanOf(in).end);
  }
};
template <Kind kKind, bool kBoolean = false>
struct AddScalar {
  template <typename Input>
  static void apply(const Input& in, Tree& tree) {
    Value value;
    value.kind = kKind;
    value.span = SpanOf(in);
    value.boolean = kBoolean;
    if constexpr (kKind == Kind::Number) value.text = in.string();
    if constexpr (kKind == Kind::String) value.text = UnescapeQuoted(in);
    tree.Add(std::move(value));
  }
};

template <>
struct Build<grammar::RecordOpen> : OpenContainer<Kind::Record> {};
template <>
struct Build<grammar::ListOpen> : OpenContainer<Kind::List> {};
template <>
struct Build<grammar::RecordClose> : CloseContainer {};
template <>
struct Build<grammar::ListClose> : CloseContainer {};
template <>
struct Build<grammar::Null> : AddScalar<Kind::Null> {};
template <>
struct Build<grammar::True> : AddScalar<Kind::Bool, true> {};
template <>
struct Build<grammar::False> : AddScalar<Kind::Bool, false> {};
template <>
struct Build<grammar::Number> : AddScalar<Kind::Number> {};
template <>
struct Build<grammar::String> : AddScalar<Kind::String> {};
template <>
struct Build<grammar::Key> {
  template <typename Input>
  static void apply(const Input& in, Tree& tree) {
    tree.Key(UnescapeQuoted(in), SpanOf(in));
  }
};

// What people write into JSON that is not JSON, recognised at the place where reading stopped.
void AddHelp(std::string_view text, std::uint32_t offset, Diagnostics::Builder report) {
  const std::string_view rest = text.substr(offset);
  if (rest.starts_with("//") || rest.starts_with("/*") || rest.starts_with("#")) {
    report.Help("JSON has no comments; write what you want to say into `description`");
  } else if (rest.starts_with("'")) {
    report.Help("strings and keys stand in double quotes");
  } else if (rest.starts_with("}") || rest.starts_with("]")) {
    const std::size_t before = text.substr(0, offset).find_last_not_of(" \t\r\n");
    if (before != std::string_view::npos && text[before] == ',') {
      const auto comma = static_cast<std::uint32_t>(before);
      report.Help("remove the comma before it").Replace({comma, comma + 1}, "");
    }
  }
}

}  // namespace

std::optional<std::string> Unescape(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      result += text[i];
      continue;
    }
    const char code = text[++i];
    if (code != 'u') {
      constexpr std::string_view kCodes = "bfnrt";
      constexpr std::string_view kBytes = "\b\f\n\r\t";
      const std::size_t found = kCodes.find(code);
      result += found == std::string_view::npos ? code : kBytes[found];
      continue;
    }
    std::uint32_t point = HexValue(text.substr(i + 1, 4));
    i += 4;
    if (point >= 0xD800 && point < 0xE000) {
      if (point >= 0xDC00 || text.substr(i + 1, 2) != "\\u") return std::nullopt;
      const std::uint32_t low = HexValue(text.substr(i + 3, 4));
      if (low < 0xDC00 || low >= 0xE000) return std::nullopt;
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
      i += 6;
    }
    char room[4];
    result.append(room, EncodeUtf8(point, room));
  }
  return result;
}

std::string_view NameOf(Kind kind) {
  switch (kind) {
    case Kind::Null:
      return "null";
    case Kind::Bool:
      return "a boolean";
    case Kind::Number:
      return "a number";
    case Kind::String:
      return "a string";
    case Kind::List:
      return "a list";
    case Kind::Record:
      return "an object";
  }
  return "nothing";
}

std::optional<Value> Parse(const Source& source, Diagnostics& diagnostics, std::size_t depth_max) {
  if (!CheckBytes(source, source, 0, diagnostics)) return std::nullopt;
  const std::string_view text = source.text();
  tao::pegtl::memory_input in(text.data(), text.size(), source.name());
  Tree tree(depth_max);
  try {
    tao::pegtl::parse<grammar::Document, Build, grammar::Control>(in, tree);
    return tree.TakeRoot();
  } catch (const tao::pegtl::parse_error& error) {
    const auto offset = static_cast<std::uint32_t>(error.positions().front().byte);
    AddHelp(text, offset,
            diagnostics.Report(diag::InvalidJson, source, {offset, offset + 1}, error.message()));
  } catch (const DepthExceeded& exceeded) {
    diagnostics.Report(diag::TooDeep, source, {exceeded.offset, exceeded.offset + 1}, depth_max);
  }
  return std::nullopt;
}

}  // namespace policy::json
