#include "grammar/policy_text_parser.h"

#include <algorithm>
#include <optional>

#include "grammar/limits.h"
#include "grammar/policy_text_expectations.h"
#include "grammar/policy_text_grammar.h"
#include "policy/check.h"

namespace policy {

namespace {

namespace grammar = text_grammar;
namespace peg = tao::pegtl;

// The kinds of node that rules make; nullopt: none.
template <typename Rule>
inline constexpr std::optional<TextKind> kNode = std::nullopt;
#define TEXT_NODE(rule) \
  template <>           \
  inline constexpr std::optional<TextKind> kNode<grammar::rule> = TextKind::rule;
#include "grammar/text_nodes.def"

// What is read so far. Rules that fail after all take their nodes back.
class Reading {
 public:
  struct Mistake {
    const Expected* expected;
    std::size_t offset;
  };
  struct Mark {
    std::size_t offset;
    std::size_t node_count;
    std::size_t depth;
  };

  Reading(const TextInput& input, ParsedText& parsed) : input_(input), parsed_(parsed) {}

  // Where the last rule began that did not match and for which there is something to say.
  void FailAt(std::size_t offset) { failed_at_ = offset; }
  std::size_t failed_at() const { return failed_at_; }

  bool Enter() { return ++depth_ <= kExpressionDepthMax; }
  void Leave() { --depth_; }

  std::size_t node_count() const { return parsed_.tree.nodes.size(); }
  void Open(TextKind kind, std::size_t offset) {
    parsed_.tree.nodes.push_back({.kind = kind, .begin = static_cast<std::uint32_t>(offset)});
  }
  void Close(std::size_t index, std::size_t offset) {
    TextNode& node = parsed_.tree.nodes[index];
    node.end = static_cast<std::uint32_t>(WithoutSpace(offset));
    node.size = static_cast<std::uint32_t>(parsed_.tree.nodes.size() - index);
  }
  void TakeBack(std::size_t index) { parsed_.tree.nodes.resize(index); }

  // A place may be read several times: what is noted there counts once.
  void NoteSpace(std::size_t begin, std::size_t end) {
    if (begin == end || (!spaces_.empty() && begin <= spaces_.back().begin)) return;
    spaces_.push_back(input_.SpanOf(begin, end));
  }
  void NoteComment(std::size_t begin, std::size_t end) {
    std::vector<ast::Comment>& comments = parsed_.comments;
    if (!comments.empty() && begin <= comments.back().span.begin) return;
    const std::string_view before = input_.source.text().substr(0, begin);
    const std::size_t last = before.find_last_not_of(" \t");
    comments.push_back({.span = input_.SpanOf(begin, end),
                        .begins_line = last == std::string_view::npos || before[last] == '\n'});
  }

  Mark SetMark(std::size_t offset) const { return {offset, parsed_.tree.nodes.size(), depth_}; }

  // Reports, takes back what was read since `mark`, and says where to read on.
  std::size_t Recover(const Mistake& mistake, const Mark& mark, Recovery recovery) {
    TakeBack(mark.node_count);
    depth_ = mark.depth;
    const std::string_view text = input_.source.text();
    const TextToken first = ScanToken(text, mark.offset);
    const ReportedMistake reported =
        ReportMistake(input_, mark.offset, mistake.offset, *mistake.expected);
    parsed_.broken.insert(reported.meant.empty() ? text.substr(first.begin, first.end - first.begin)
                                                 : reported.meant);
    const std::size_t next = FindNextStatement(text, mark.offset, reported.past, recovery);
    CHECK(next > mark.offset || next == text.size());
    return next;
  }

 private:
  // `offset`, or the begin of the space that ends there.
  std::size_t WithoutSpace(std::size_t offset) const {
    const auto found = std::ranges::lower_bound(spaces_, offset, {}, &Span::end);
    return found != spaces_.end() && found->end == offset ? found->begin : offset;
  }

  const TextInput& input_;
  ParsedText& parsed_;
  std::vector<Span> spaces_;  // in order
  std::size_t depth_ = 0;
  std::size_t failed_at_ = 0;
};

template <typename Rule>
struct Control : peg::normal<Rule> {
  template <typename Input>
  [[noreturn]] static void raise(const Input&, Reading& reading) {
    static_assert(grammar::kExpected<Rule>.what != nullptr,
                  "every must<> rule needs a row in policy_text_expectations.h");
    throw Reading::Mistake{&grammar::kExpected<Rule>, reading.failed_at()};
  }

  template <peg::apply_mode kApply, peg::rewind_mode kRewind, template <typename...> class Action,
            template <typename...> class ThisControl, typename Input>
  static bool match(Input& in, Reading& reading) {
    const std::size_t begin = in.byte();
    const std::size_t node = reading.node_count();
    if constexpr (kNode<Rule>) reading.Open(*kNode<Rule>, begin);
    const bool is_match = peg::match<Rule, kApply, kRewind, Action, ThisControl>(in, reading);
    if (!is_match) reading.TakeBack(node);
    if constexpr (kNode<Rule>) {
      if (is_match) reading.Close(node, in.byte());
    }
    if constexpr (grammar::kExpected<Rule>.what != nullptr) {
      if (!is_match) reading.FailAt(begin);
    }
    if constexpr (std::is_same_v<Rule, grammar::Space>) reading.NoteSpace(begin, in.byte());
    if constexpr (std::is_same_v<Rule, grammar::Comment>) {
      if (is_match) reading.NoteComment(begin, in.byte());
    }
    return is_match;
  }
};

}  // namespace

ParsedText ParsePolicyText(const TextInput& input) {
  ParsedText parsed;
  parsed.tree.source = &input.source;
  parsed.tree.file = input.file;
  const std::string_view text = input.source.text();
  peg::memory_input<peg::tracking_mode::lazy, peg::eol::lf_crlf, std::string_view> in(
      text.data(), text.size(), std::string_view());
  Reading reading(input, parsed);
  const bool is_read =
      peg::parse<grammar::File, peg::nothing, Control, peg::apply_mode::nothing>(in, reading);
  CHECK(is_read);
  return parsed;
}

}  // namespace policy
