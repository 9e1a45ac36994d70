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
  Span span;
  std::string text;
};

struct Diagnostic {
  std::string_view code;  // "P1001"; static storage
  Severity severity = Severity::Error;
  const Source* source =
      nullptr;  // not owned; outlives the Diagnostic; null when no text is concerned
  Span span;
  std::string message;
  std::vector<Label> labels;
  std::string help;  // empty when there is none
  std::optional<Fix> fix;
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
    explicit Builder(Diagnostic& diagnostic) : diagnostic_(diagnostic) {}
    Builder& Help(std::string text) {
      diagnostic_.help = std::move(text);
      return *this;
    }
    Builder& Note(Span span, std::string text) {
      diagnostic_.labels.push_back({span, std::move(text)});
      return *this;
    }
    Builder& Replace(Span span, std::string text) {
      diagnostic_.fix = Fix{span, std::move(text)};
      return *this;
    }

   private:
    Diagnostic& diagnostic_;
  };

  template <typename... Args>
  Builder Report(const DiagnosticKind<Args...>& kind, const Source& source, Span span,
                 const std::type_identity_t<Args>&... args) {
    if (kind.severity == Severity::Error) ++error_count_;
    all_.push_back({kind.code,
                    kind.severity,
                    &source,
                    span,
                    fmt::format(fmt::runtime(kind.format), args...),
                    {},
                    {},
                    {}});
    return Builder(all_.back());
  }

  bool has_errors() const { return error_count_ != 0; }
  std::size_t error_count() const { return error_count_; }
  const std::deque<Diagnostic>& all() const { return all_; }

 private:
  std::deque<Diagnostic> all_;  // a deque: Builders refer into it
  std::size_t error_count_ = 0;
};

}  // namespace policy

#endif  // POLICY_DIAGNOSTIC_H_
