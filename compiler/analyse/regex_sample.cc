#include "compiler/analyse/regex_sample.h"

#include <charconv>
#include <cstddef>
#include <optional>

namespace policy {

namespace {

constexpr int kDepthMax = 16;  // of groups
constexpr std::size_t kSampleBytesMax = 256;
constexpr std::size_t kRepeatsMax = 32;  // of a counted repetition

// Reads one expression and writes one text that it matches, taking the `choice`-th branch of each
// alternation where there is one, else the first.
class Sampler {
 public:
  Sampler(std::string_view regex, int choice) : rest_(regex), choice_(choice) {}

  std::optional<std::string> Run() {
    std::string text = Alternation(0);
    if (failed_ || !rest_.empty() || text.size() > kSampleBytesMax) return std::nullopt;
    return text;
  }

 private:
  bool Take(std::string_view token) {
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }

  std::string Alternation(int depth) {
    if (depth > kDepthMax) failed_ = true;
    std::string chosen = Sequence(depth);
    for (int branch = 1; !failed_ && Take("|"); ++branch) {
      std::string text = Sequence(depth);
      if (branch == choice_) chosen = std::move(text);
    }
    return chosen;
  }

  std::string Sequence(int depth) {
    std::string text;
    while (!failed_ && !rest_.empty() && rest_[0] != '|' && rest_[0] != ')') {
      const std::string atom = Atom(depth);
      for (std::size_t repeats = Repeats(); repeats > 0; --repeats) text += atom;
      if (text.size() > kSampleBytesMax) failed_ = true;
    }
    return text;
  }

  std::string Atom(int depth) {
    if (Take("(")) return Group(depth);
    if (Take("[")) return Class();
    if (Take("\\")) return Escape();
    const std::string c = Byte();
    if (c == "^" || c == "$") return "";
    return c == "." ? "x" : c;
  }

  std::string Group(int depth) {
    if (Take("?")) {
      const std::size_t end = rest_.find_first_of(":)");
      const bool is_named = rest_.starts_with("P<");
      const std::size_t at = is_named ? rest_.find('>') : end;
      if (at == std::string_view::npos) failed_ = true;
      if (failed_) return "";
      const bool is_closed = rest_[at] == ')';
      rest_.remove_prefix(at + 1);
      if (is_closed) return "";  // flags alone: (?i)
    }
    std::string text = Alternation(depth + 1);
    if (!Take(")")) failed_ = true;
    return text;
  }

  std::string Escape() {
    if (rest_.empty()) failed_ = true;
    if (failed_) return "";
    const char c = rest_[0];
    rest_.remove_prefix(1);
    switch (c) {
      case 'd':
        return "1";
      case 'w':
      case 'D':
      case 'S':
        return "x";
      case 'W':
        return "-";
      case 's':
        return " ";
      case 'A':
      case 'z':
      case 'b':
      case 'B':
        return "";
      case 'n':
        return "\n";
      case 't':
        return "\t";
      default:
        // \x41, \p{L} and their like are not read.
        failed_ = failed_ || (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        return std::string(1, c);
    }
  }

  std::string Byte() {
    const char c = rest_[0];
    rest_.remove_prefix(1);
    return std::string(1, c);
  }

  // The first member; of a negated class something that is seldom in one.
  std::string Class() {
    const bool is_negated = Take("^");
    std::string first;
    std::string members;
    bool is_first = true;
    while (!failed_ && (is_first || !rest_.starts_with("]"))) {
      if (rest_.empty() || rest_.starts_with("[:")) failed_ = true;
      if (failed_) return "";
      const std::string member = Take("\\") ? Escape() : Byte();
      if (is_first) first = member;
      members += member;
      is_first = false;
    }
    Take("]");
    if (!is_negated) return first;
    for (const char c : {'x', '1', '-', ' ', 'A'}) {
      if (!members.contains(c)) return std::string(1, c);
    }
    return "~";
  }

  // How often the atom before stands; of a choice the least but one.
  std::size_t Repeats() {
    std::size_t repeats = 1;
    if (Take("*") || Take("+") || Take("?")) {
      repeats = 1;
    } else if (rest_.starts_with("{")) {
      const char* const begin = rest_.data() + 1;
      const auto [end, error] = std::from_chars(begin, rest_.data() + rest_.size(), repeats);
      const std::size_t close = rest_.find('}');
      if (error != std::errc() || close == std::string_view::npos || repeats > kRepeatsMax) {
        failed_ = true;
        return 0;
      }
      rest_.remove_prefix(close + 1);
    }
    Take("?");  // not greedy
    return repeats;
  }

  std::string_view rest_;
  int choice_;
  bool failed_ = false;
};

}  // namespace

std::vector<std::string> RegexSamples(std::string_view regex) {
  std::vector<std::string> samples;
  for (int choice = 0; choice < 3; ++choice) {
    if (auto text = Sampler(regex, choice).Run()) samples.push_back(*std::move(text));
  }
  return samples;
}

}  // namespace policy
