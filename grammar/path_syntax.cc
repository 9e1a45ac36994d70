#include "grammar/path_syntax.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "grammar/limits.h"

namespace policy {

namespace {

bool BeginsName(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
bool ContinuesName(char c) { return BeginsName(c) || (c >= '0' && c <= '9') || c == '-'; }

// Reads one path from the left.
class PathReader {
 public:
  explicit PathReader(std::string_view text) : text_(text) {}

  std::expected<ast::Path, PathError> ReadAll() {
    ast::Path path;
    auto root = ReadName();
    if (!root) return std::unexpected(root.error());
    path.root.text = *std::move(root);
    while (at_ < text_.size()) {
      auto step = ReadStep();
      if (!step) return std::unexpected(step.error());
      if (path.steps.size() == kPathStepsMax) {
        return Wrong(fmt::format("it has more than {} steps", kPathStepsMax));
      }
      path.steps.push_back(*std::move(step));
    }
    return path;
  }

 private:
  std::unexpected<PathError> Wrong(std::string what) const {
    return std::unexpected(PathError{at_, std::move(what)});
  }
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }

  std::expected<std::string, PathError> ReadName() {
    if (!BeginsName(Peek())) {
      return Wrong(at_ >= text_.size() ? "a name has to follow"
                                       : "other names than letters, digits, `_`, `-` and `$` "
                                         "stand in brackets: [\"odd key\"], list elements as [0]");
    }
    const std::size_t begin = at_;
    while (at_ < text_.size() && ContinuesName(text_[at_])) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  std::expected<ast::Step, PathError> ReadStep() {
    if (Peek() == '.') {
      ++at_;
      return ReadName();
    }
    if (Peek() != '[') {
      return Wrong(
          "other names than letters, digits, `_`, `-` and `$` stand in brackets: "
          "[\"odd key\"]");
    }
    ++at_;
    std::expected<ast::Step, PathError> step =
        Peek() == '"' ? std::expected<ast::Step, PathError>(ReadQuoted())
                      : std::expected<ast::Step, PathError>(ReadIndex());
    if (!step) return step;
    if (Peek() != ']') return Wrong("`]` has to stand here");
    ++at_;
    return step;
  }

  std::expected<std::string, PathError> ReadQuoted() {
    std::string key;
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '"') {
        ++at_;
        return key;
      }
      if (text_[at_] == '\\') {
        ++at_;
        if (Peek() != '"' && Peek() != '\\') return Wrong("only \\\" and \\\\ are escapes here");
      }
      key += text_[at_];
    }
    return Wrong("the quoted key is not closed");
  }

  std::expected<std::uint32_t, PathError> ReadIndex() {
    const std::size_t begin = at_;
    std::uint32_t index = 0;
    while (Peek() >= '0' && Peek() <= '9') {
      index = index * 10 + static_cast<std::uint32_t>(Peek() - '0');
      if (index > kPathIndexMax) {
        return Wrong(fmt::format("list elements are numbered up to {}", kPathIndexMax));
      }
      ++at_;
    }
    if (at_ == begin) return Wrong("an element number or a key in double quotes has to stand here");
    return index;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

std::expected<ast::Path, PathError> ParsePath(std::string_view text) {
  return PathReader(text).ReadAll();
}

std::expected<ast::Path, PathError> ParsePathBelow(std::string_view root, std::string_view text) {
  const std::string whole = fmt::format("{}{}{}", root, text.starts_with('[') ? "" : ".", text);
  auto path = ParsePath(whole);
  if (!path) path.error().offset -= std::min(path.error().offset, whole.size() - text.size());
  return path;
}

}  // namespace policy
