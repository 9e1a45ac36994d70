#include "grammar/diagnostic_renderer.h"

#include <fmt/format.h>

#include <algorithm>

#include "runtime/value/utf8.h"

namespace policy {

namespace {

constexpr std::size_t kShownColumnsMax = 160;  // of one source line
constexpr std::string_view kReset = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kCaretColour = "\x1b[1;32m";

std::string_view ColourOf(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "\x1b[1;31m";
    case Severity::Warning:
      return "\x1b[1;35m";
    case Severity::Info:
      return "\x1b[1;36m";
  }
  return kReset;
}

// Characters that a terminal obeys or that reorder what stands around them.
bool IsUnsafe(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

// Code points that malformed bytes count as too.
std::size_t Columns(std::string_view text) {
  std::size_t count = 0;
  while (!text.empty()) {
    text.remove_prefix(std::max<std::size_t>(Utf8SequenceSize(text), 1));
    ++count;
  }
  return count;
}

}  // namespace

std::string_view NameOf(Severity severity) {
  switch (severity) {
    case Severity::Info:
      return "info";
    case Severity::Warning:
      return "warning";
    case Severity::Error:
      return "error";
  }
  return "error";
}

std::string VisibleText(std::string_view text) {
  std::string shown;
  while (!text.empty()) {
    const std::size_t size = Utf8SequenceSize(text);
    if (size == 0) {
      shown += "\uFFFD";
      text.remove_prefix(1);
      continue;
    }
    const std::string_view sequence = text.substr(0, size);
    if (sequence == "\t") {
      shown += ' ';
    } else if (IsUnsafe(DecodeUtf8(sequence))) {
      shown += "\uFFFD";
    } else {
      shown += sequence;
    }
    text.remove_prefix(size);
  }
  return shown;
}

std::string Excerpt(const Source& source, Span span, TextStyle style) {
  const Position at = source.Locate(span.begin);
  const std::string_view line = source.LineText(at.line);
  const std::string_view text = source.text();
  const auto line_begin =
      static_cast<std::size_t>(line.data() == nullptr ? 0 : line.data() - text.data());
  const std::size_t begin = std::min<std::size_t>(span.begin - line_begin, line.size());
  const std::size_t end = std::clamp<std::size_t>(
      span.end - std::min<std::size_t>(span.end, line_begin), begin, line.size());
  // A window of the line that has the place in it; cut between code points.
  std::size_t first = begin > kShownColumnsMax / 2 ? begin - kShownColumnsMax / 2 : 0;
  while (first > 0 && (static_cast<unsigned char>(line[first]) & 0xC0) == 0x80) --first;
  first = std::max(first, std::min(line.find_first_not_of(" \t"), begin));
  std::size_t last = std::min(line.size(), first + kShownColumnsMax);
  while (last < line.size() && (static_cast<unsigned char>(line[last]) & 0xC0) == 0x80) ++last;
  const std::size_t marked_end = std::min(end, std::max(last, begin));
  const std::size_t marks =
      std::max<std::size_t>(1, Columns(line.substr(begin, marked_end - begin)));
  return fmt::format("  {}\n  {}{}^{}{}\n", VisibleText(line.substr(first, last - first)),
                     std::string(Columns(line.substr(first, begin - first)), ' '),
                     style.colour ? kCaretColour : "", std::string(marks - 1, '~'),
                     style.colour ? kReset : "");
}

std::string PlaceText(const Source& source, Span span) {
  const Position at = source.Locate(span.begin);
  return fmt::format("{}:{}:{}", VisibleText(source.name()), at.line, at.column);
}

std::string RenderHead(const Diagnostic& diagnostic, TextStyle style) {
  const auto paint = [&](std::string_view colour) { return style.colour ? colour : ""; };
  std::string text;
  if (diagnostic.source != nullptr) {
    text += fmt::format("{}{}:{} ", paint(kBold), PlaceText(*diagnostic.source, diagnostic.span),
                        paint(kReset));
  }
  text += fmt::format("{}{}[{}]{}: {}", paint(ColourOf(diagnostic.severity)),
                      NameOf(diagnostic.severity), diagnostic.code, paint(kReset),
                      VisibleText(diagnostic.message));
  return text;
}

std::string RenderText(const Diagnostic& diagnostic, TextStyle style) {
  std::string text = RenderHead(diagnostic, style) + "\n";
  if (diagnostic.source == nullptr) {
    if (!diagnostic.help.empty()) text += fmt::format("  help: {}\n", VisibleText(diagnostic.help));
    return text;
  }
  if (!diagnostic.source->text().empty()) {
    text += Excerpt(*diagnostic.source, diagnostic.span, style);
  }
  for (const Label& label : diagnostic.labels) {
    text += fmt::format("  {}: {}\n{}", PlaceText(*label.source, label.span), label.text,
                        Excerpt(*label.source, label.span, style));
  }
  if (diagnostic.witness) {
    text += fmt::format("  {}: {}\n", diagnostic.witness->outcome,
                        VisibleText(diagnostic.witness->call));
  }
  if (!diagnostic.help.empty()) text += fmt::format("  help: {}\n", VisibleText(diagnostic.help));
  return text;
}

}  // namespace policy
