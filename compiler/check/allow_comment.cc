#include "compiler/check/allow_comment.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "grammar/text_scanner.h"

namespace policy {

namespace {

struct FoundComment {
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool begins_line = false;
};

// Adds the comments of `text` between two tokens.
void AddComments(std::string_view text, std::size_t begin, std::size_t end,
                 std::vector<FoundComment>& comments) {
  while (true) {
    const std::size_t at = text.substr(0, end).find("//", begin);
    if (at == std::string_view::npos) return;
    const std::size_t stop = std::min(text.find_first_of("\r\n", at), end);
    const std::size_t line = text.substr(0, at).rfind('\n') + 1;  // npos + 1 is 0
    const bool begins_line =
        text.substr(line, at - line).find_first_not_of(" \t") == std::string_view::npos;
    comments.push_back(
        {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(stop), begins_line});
    begin = stop;
  }
}

std::vector<FoundComment> CommentsOf(std::string_view text) {
  std::vector<FoundComment> comments;
  std::size_t end_of_last = 0;
  while (true) {
    const TextToken token = ScanToken(text, end_of_last);
    AddComments(text, end_of_last, token.begin, comments);
    if (token.kind == TextToken::Kind::End) return comments;
    end_of_last = token.end;
  }
}

std::vector<Span> StatementsOf(const ast::Policy& policy) {
  std::vector<Span> spans = {policy.name.span, policy.default_span};
  if (policy.zone) spans.push_back(policy.zone->span);
  for (const ast::Hide& hide : policy.hides) spans.push_back(hide.pattern.span);
  for (const ast::Counter& counter : policy.counters) spans.push_back(counter.span);
  for (const ast::Let& let : policy.lets) spans.push_back(let.span);
  if (policy.use_tools) spans.push_back(policy.use_tools->span);
  for (const ast::Include& include : policy.includes) spans.push_back(include.span);
  for (const ast::Test& test : policy.tests) spans.push_back(test.span);
  for (const ast::ToolBlock& block : policy.blocks) {
    spans.push_back(block.span);
    for (const ast::Statement& statement : block.statements) spans.push_back(statement.span);
  }
  std::ranges::stable_sort(spans, {}, &Span::begin);
  return spans;
}

// The statement that a comment of file `file` belongs to. `statements` are sorted by where they
// begin, those that hold others first.
std::optional<Span> StatementOf(const FoundComment& comment, std::uint16_t file,
                                const std::vector<Span>& statements) {
  std::optional<Span> before;
  for (const Span& span : statements) {
    if (span.file != file) continue;
    if (span.begin < comment.begin) {
      before = span;
    } else if (comment.begins_line) {
      return span;
    }
  }
  return comment.begins_line ? std::nullopt : before;
}

std::string_view Trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Takes `word` from the front of `text`, which is trimmed.
bool Take(std::string_view word, std::string_view& text) {
  if (!text.starts_with(word)) return false;
  text = Trimmed(text.substr(word.size()));
  return true;
}

// The code of a comment that means to allow something; nullopt: it is another comment. Empty: it is
// not written as it has to be.
std::optional<std::string_view> CodeOf(std::string_view comment) {
  std::string_view text = Trimmed(comment.substr(2));
  if (!Take("allow", text) || !Take("(", text)) return std::nullopt;
  const std::size_t close = text.find(')');
  if (close == std::string_view::npos) return "";
  const std::string_view code = Trimmed(text.substr(0, close));
  text = Trimmed(text.substr(close + 1));
  const bool has_reason = Take("because", text) && !text.empty();
  return has_reason ? code : "";
}

void ReadComments(const ast::Policy& policy, const Source& root, std::uint16_t file,
                  Diagnostics& diagnostics, std::vector<AllowComment>& found) {
  const std::vector<Span> statements = StatementsOf(policy);
  const Source& source = diagnostics.SourceOf(root, {0, 0, file});
  for (const FoundComment& comment : CommentsOf(source.text())) {
    const auto code = CodeOf(source.text().substr(comment.begin, comment.end - comment.begin));
    if (!code) continue;
    const Span span{comment.begin, comment.end, file};
    if (code->empty()) {
      diagnostics.Report(diag::AllowMalformed, root, span)
          .Help("write it like `// allow(P4003) because …`");
      continue;
    }
    if (!CheckAllowedCode(*code, root, span, diagnostics)) continue;
    AllowComment allow{.allowance = {.code = std::string(*code), .span = span}, .ranges = {}};
    if (const auto statement = StatementOf(comment, file, statements)) {
      allow.ranges.push_back({&source, statement->begin, statement->end});
    }
    found.push_back(std::move(allow));
  }
}

}  // namespace

std::vector<AllowComment> ReadAllowComments(const ast::Policy& policy, const Source& source,
                                            Diagnostics& diagnostics) {
  std::uint16_t last_file = 0;
  for (const Span& span : StatementsOf(policy)) last_file = std::max(last_file, span.file);
  std::vector<AllowComment> found;
  for (std::uint16_t file = 0; file <= last_file; ++file) {
    ReadComments(policy, source, file, diagnostics, found);
  }
  return found;
}

}  // namespace policy
