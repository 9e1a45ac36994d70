// Any bytes as a policy in the text form: no crash, no hang; what is said about it is said of a
// place in it, and what is read is whole.
#include <cstdint>
#include <string>
#include <variant>

#include "grammar/ast.h"
#include "grammar/ast_printer.h"
#include "grammar/policy_text_reader.h"
#include "policy/check.h"
#include "policy/source.h"

namespace {

// The only file there is: every include leads back to the text itself.
class Itself final : public policy::SourceLoader {
 public:
  explicit Itself(const policy::Source& source) : source_(source) {}
  std::expected<const policy::Source*, std::string> Load(const policy::Source&,
                                                         std::string_view path) override {
    if (path.size() > 3) return std::unexpected("there is no such file");
    return &source_;
  }
  std::expected<const policy::Source*, std::string> LoadIfThere(const policy::Source& from,
                                                                std::string_view path) override {
    return Load(from, path);
  }

 private:
  const policy::Source& source_;
};

void CheckSpan(policy::Span span, std::string_view text) {
  CHECK(span.begin <= span.end);
  CHECK(span.end <= text.size());
  CHECK(span.file == 0);
}

void CheckDiagnostics(const policy::Diagnostics& diagnostics, std::string_view text) {
  for (const policy::Diagnostic& diagnostic : diagnostics.all()) {
    CHECK(diagnostic.source != nullptr);
    CHECK(!diagnostic.message.empty());
    CheckSpan(diagnostic.span, text);
    for (const policy::Label& label : diagnostic.labels) CheckSpan(label.span, text);
    if (diagnostic.fix) CheckSpan(diagnostic.fix->span, text);
  }
}

void CheckTree(const policy::ast::Policy& policy, std::string_view text) {
  for (const policy::ast::Expression& expression : policy.expressions) {
    CheckSpan(expression.span, text);
    CHECK(expression.span.begin < expression.span.end);
  }
  std::uint32_t before = 0;
  for (const policy::ast::Comment& comment : policy.comments) {
    CheckSpan(comment.span, text);
    CHECK(comment.span.begin >= before);
    CHECK(text.substr(comment.span.begin, 2) == "//");
    before = comment.span.end;
  }
  for (const policy::ast::ToolBlock& block : policy.blocks) {
    CHECK(!block.patterns.empty());
    for (const policy::ast::Statement& statement : block.statements) {
      CheckSpan(statement.span, text);
      CHECK(!statement.id.empty());
    }
  }
  CHECK(!policy::PrintAst(policy).empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const policy::Source source("fuzz.policy", text);
  Itself loader(source);
  policy::Diagnostics diagnostics;
  const auto policy = policy::ReadPolicyText(source, &loader, diagnostics);
  CHECK(policy.has_value() != diagnostics.has_errors());
  CheckDiagnostics(diagnostics, text);
  if (policy) CheckTree(*policy, text);
  return 0;
}
