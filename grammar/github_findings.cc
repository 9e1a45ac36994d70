#include <fmt/format.h>

#include "grammar/diagnostic_renderer.h"

namespace policy {

namespace {

std::string_view CommandOf(Severity severity) {
  switch (severity) {
    case Severity::Error:
      return "error";
    case Severity::Warning:
      return "warning";
    case Severity::Info:
      return "notice";
  }
  return "error";
}

// What a command's message or a property's value cannot hold, as the runner decodes it.
std::string Escaped(std::string_view text, bool is_property) {
  std::string escaped;
  for (const char c : text) {
    const bool is_mark = is_property && (c == ':' || c == ',');
    if (c == '%' || c == '\r' || c == '\n' || is_mark) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned>(static_cast<unsigned char>(c)));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

}  // namespace

std::string RenderGithub(FindingList findings) {
  std::string text;
  for (const Diagnostic* finding : findings) {
    std::string place;
    if (finding->source != nullptr) {
      const Position begin = finding->source->Locate(finding->span.begin);
      const Position end = finding->source->Locate(finding->span.end);
      place = fmt::format("file={},line={},col={},endLine={},endColumn={},",
                          Escaped(finding->source->name(), true), begin.line, begin.column,
                          end.line, end.column);
    }
    std::string message = finding->message;
    if (!finding->help.empty()) message += "\nhelp: " + finding->help;
    text += fmt::format("::{} {}title={}::{}\n", CommandOf(finding->severity), place, finding->code,
                        Escaped(message, false));
  }
  return text;
}

}  // namespace policy
