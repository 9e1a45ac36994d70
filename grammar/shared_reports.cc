#include "grammar/shared_reports.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "grammar/limits.h"
#include "runtime/value/utf8.h"

namespace policy {

namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// The offset of the first byte that is not part of well-formed UTF-8, or the size.
std::size_t FindInvalidUtf8(std::string_view text) {
  std::size_t offset = 0;
  while (offset < text.size()) {
    const std::size_t size = Utf8SequenceSize(text.substr(offset));
    if (size == 0) break;
    offset += size;
  }
  return offset;
}

}  // namespace

void ReportNotBuiltYet(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view what) {
  diagnostics.Report(diag::NotBuiltYet, root, span, what)
      .Help("nothing of a policy is ever ignored, so this one cannot be used yet");
}

void ReportTooMany(const Source& root, Diagnostics& diagnostics, Span span, std::string_view what,
                   std::size_t count, std::size_t max) {
  diagnostics.Report(diag::TooMany, root, span, what, count, max);
}

void ReportTooManyRules(const Source& root, Diagnostics& diagnostics, Span span) {
  diagnostics.Report(diag::TooManyRules, root, span, kPolicyRulesMax);
}

void ReportDuplicateKey(const Source& root, Diagnostics& diagnostics, Span span, Span first,
                        std::string_view key) {
  diagnostics.Report(diag::DuplicateKey, root, span, key)
      .Note(first, "first here")
      .Help("readers of JSON disagree about which one counts: keep one");
}

bool CheckText(const Source& root, Diagnostics& diagnostics, Span span, std::string_view text,
               std::string_view what) {
  if (text.empty()) {
    diagnostics.Report(diag::EmptyString, root, span, what);
    return false;
  }
  if (text.size() > kPolicyStringBytesMax) {
    diagnostics.Report(diag::StringTooLong, root, span, what, text.size(), kPolicyStringBytesMax);
    return false;
  }
  return true;
}

bool CheckBytes(const Source& root, const Source& source, std::uint16_t file,
                Diagnostics& diagnostics) {
  const std::string_view text = source.text();
  if (text.size() > kPolicyBytesMax) {
    diagnostics.Report(diag::FileTooLarge, root, {0, 0, file}, text.size(), kPolicyBytesMax);
    return false;
  }
  if (text.starts_with(kByteOrderMark)) {
    diagnostics.Report(diag::ByteOrderMark, root, {0, 3, file})
        .Help("save the file as UTF-8 without a byte order mark")
        .Replace({0, 3, file}, "");
    return false;
  }
  if (const std::size_t bad = FindInvalidUtf8(text); bad != text.size()) {
    const auto offset = static_cast<std::uint32_t>(bad);
    diagnostics.Report(diag::InvalidUtf8, root, {offset, offset + 1, file},
                       fmt::format("0x{:02X}", static_cast<unsigned char>(text[bad])));
    return false;
  }
  return true;
}

std::optional<std::uint32_t> SecondsOf(std::string_view text, std::uint32_t seconds_max) {
  std::uint64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const std::string_view unit(stop, static_cast<std::size_t>(text.data() + text.size() - stop));
  const std::uint64_t unit_seconds = unit == "s"   ? 1
                                     : unit == "m" ? 60
                                     : unit == "h" ? 3600
                                     : unit == "d" ? 86'400
                                                   : 0;
  if (error != std::errc() || unit_seconds == 0 || count == 0 ||
      count > seconds_max / unit_seconds) {
    return std::nullopt;
  }
  return static_cast<std::uint32_t>(count * unit_seconds);
}

void ReportBadDuration(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view text, std::uint32_t seconds_max) {
  diagnostics.Report(diag::BadDuration, root, span, text)
      .Help(fmt::format("write whole seconds, or a number with s, m, h or d: `10m`; at most {} "
                        "seconds",
                        seconds_max));
}

void ReportNotWholeNumber(const Source& root, Diagnostics& diagnostics, Span span,
                          std::string_view what, std::uint64_t min, std::uint64_t max,
                          std::string_view seen) {
  diagnostics.Report(diag::NotWholeNumber, root, span, what, min, max, seen);
}

bool CheckKind(const Source& root, Diagnostics& diagnostics, const ast::CounterTerms& terms) {
  using ast::Algorithm;
  const bool is_bucket = terms.algorithm == Algorithm::Bucket;
  if (terms.burst && !is_bucket) {
    ReportTermsClash(root, diagnostics, terms.burst->span, "burst", NameOf(terms.algorithm),
                     "only a bucket has a burst");
    return false;
  }
  const bool has_length =
      terms.window.kind != ast::WindowKind::Month && terms.window.kind != ast::WindowKind::Lifetime;
  if (has_length || !(is_bucket || terms.algorithm == Algorithm::Sliding)) return true;
  ReportTermsClash(root, diagnostics, terms.window.written.span, terms.window.written.text,
                   NameOf(terms.algorithm),
                   "a span of time has one length: `day` is 24 hours here, `week` 7 days");
  return false;
}

void ReportTermsClash(const Source& root, Diagnostics& diagnostics, Span span,
                      std::string_view what, std::string_view with, std::string help) {
  diagnostics.Report(diag::TermsClash, root, span, what, with).Help(std::move(help));
}

void ReportInvalidPath(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view path, std::string what) {
  diagnostics.Report(diag::InvalidPath, root, span, path).Help(std::move(what));
}

}  // namespace policy
