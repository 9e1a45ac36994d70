// What the compiler says about a policy: coded, placed, and with the way to mend it.
//
// A phase reports to a Diagnostics sink and carries on to find more; the driver stops between
// phases when the sink has errors. Rendering (text, json) is grammar/'s diagnostic renderer's work:
// nothing here prints.
//
//   diagnostics.Report(diag::UnknownKey, source, span, key).Help("did you mean `limits`?");
#ifndef POLICY_DIAGNOSTIC_H_
#define POLICY_DIAGNOSTIC_H_

#include <fmt/core.h>

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "policy/source.h"

namespace policy {

enum class Severity : std::uint8_t { Info, Warning, Error };

// A replacement that `policyc check --fix` applies: the bytes of `span` become `text`.
struct Fix {
  Span span;
  std::string text;
};

// A second place that the message speaks of, with what is to be said of it.
struct Label {
  const Source* source = nullptr;  // as in Diagnostic
  Span span;
  std::string text;
};

// A call that shows what a finding says, confirmed by the interpreter before it is reported.
struct Witness {
  std::string call;     // one line as `policyc eval` reads it: {"tool":…,"args":{…}}
  std::string outcome;  // what is decided for it: "allow", "deny", "approval", "limited"
};

struct Diagnostic {
  std::string_view code;  // "P1001"; static storage
  Severity severity = Severity::Error;
  const Source* source =
      nullptr;  // not owned; outlives the Diagnostic; null when no text is concerned
  const Source* root = nullptr;  // the source that includes `source`, or `source` itself
  Span span;
  std::string message;
  std::vector<Label> labels;
  std::string help;  // empty when there is none
  std::optional<Fix> fix;
  std::optional<Witness> witness;
};

// A row of diagnostics.def: the code, the severity, and the format with its argument types.
template <typename... Args>
struct DiagnosticKind {
  std::string_view code;
  Severity severity;
  std::string_view format;
};

namespace diag {
#define DIAGNOSTIC(code, severity, name, format, ...) \
  inline constexpr DiagnosticKind<__VA_ARGS__> name{#code, Severity::severity, format};
#include "policy/diagnostics.def"
}  // namespace diag

// Collects diagnostics in the order in which they are found. Not thread-safe: one sink per
// compilation.
class Diagnostics {
 public:
  // Lets the reporting place add help, labels and a fix to what it has just reported.
  class Builder {
   public:
    Builder(Diagnostics& owner, Diagnostic& diagnostic) : owner_(owner), diagnostic_(diagnostic) {}
    Builder& Help(std::string text) {
      diagnostic_.help = std::move(text);
      return *this;
    }
    Builder& Note(Span span, std::string text) {
      const Source* source =
          diagnostic_.source == nullptr ? nullptr : &owner_.SourceOf(*diagnostic_.root, span);
      diagnostic_.labels.push_back({source, span, std::move(text)});
      return *this;
    }
    Builder& Replace(Span span, std::string text) {
      diagnostic_.fix = Fix{span, std::move(text)};
      return *this;
    }
    Builder& Show(Witness witness) {
      diagnostic_.witness = std::move(witness);
      return *this;
    }

   private:
    Diagnostics& owner_;
    Diagnostic& diagnostic_;
  };

  // `source` is the policy's own source; a span of an included one is placed there.
  template <typename... Args>
  Builder Report(const DiagnosticKind<Args...>& kind, const Source& source, Span span,
                 const std::type_identity_t<Args>&... args) {
    if (kind.severity == Severity::Error) ++error_count_;
    all_.push_back({.code = kind.code,
                    .severity = kind.severity,
                    .source = &SourceOf(source, span),
                    .root = &source,
                    .span = span,
                    .message = fmt::format(fmt::runtime(kind.format), args...),
                    .labels = {},
                    .help = {},
                    .fix = {},
                    .witness = {}});
    return Builder(*this, all_.back());
  }

  // Numbers a source that the policy includes, for the spans in it: 1, 2, … The source outlives the
  // sink.
  std::uint16_t AddSource(const Source& included) {
    included_.push_back(&included);
    return static_cast<std::uint16_t>(included_.size());
  }
  // In the order of their numbers.
  const std::vector<const Source*>& included() const { return included_; }
  const Source& SourceOf(const Source& root, Span span) const {
    return span.file == 0 ? root : *included_[span.file - 1u];
  }

  bool has_errors() const { return error_count_ != 0; }
  std::size_t error_count() const { return error_count_; }
  const std::deque<Diagnostic>& all() const { return all_; }

 private:
  std::deque<Diagnostic> all_;  // a deque: Builders refer into it
  std::vector<const Source*> included_;
  std::size_t error_count_ = 0;
};

}  // namespace policy

#endif  // POLICY_DIAGNOSTIC_H_
