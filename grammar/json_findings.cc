#include <nlohmann/json.hpp>

#include "grammar/diagnostic_renderer.h"

namespace policy {

namespace {

using nlohmann::ordered_json;

ordered_json FindingJson(const Diagnostic& diagnostic) {
  ordered_json finding;
  finding["code"] = diagnostic.code;
  finding["severity"] = NameOf(diagnostic.severity);
  finding["file"] = nullptr;
  finding["line"] = nullptr;
  finding["column"] = nullptr;
  if (diagnostic.source != nullptr) {
    const Position at = diagnostic.source->Locate(diagnostic.span.begin);
    finding["file"] = diagnostic.source->name();
    finding["line"] = at.line;
    finding["column"] = at.column;
  }
  finding["message"] = diagnostic.message;
  finding["help"] = diagnostic.help.empty() ? ordered_json() : ordered_json(diagnostic.help);
  finding["fix"] = nullptr;
  if (diagnostic.fix) {
    const Fix& fix = *diagnostic.fix;
    finding["fix"] =
        ordered_json{{"begin", fix.span.begin}, {"end", fix.span.end}, {"text", fix.text}};
  }
  finding["witness"] = nullptr;
  if (diagnostic.witness) {
    const Witness& witness = *diagnostic.witness;
    finding["witness"] = ordered_json{{"call", witness.call}, {"decision", witness.outcome}};
  }
  return finding;
}

}  // namespace

std::string RenderJson(FindingList findings) {
  ordered_json list = ordered_json::array();
  for (const Diagnostic* finding : findings) list.push_back(FindingJson(*finding));
  const ordered_json report{{"findings", std::move(list)}};
  // A file name may hold any bytes: they must not make the report unreadable.
  return report.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace policy
