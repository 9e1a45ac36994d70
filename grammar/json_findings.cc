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

ordered_json CostJson(const PolicyCost& cost) {
  ordered_json worst;
  worst["tool"] = cost.tool.empty() ? ordered_json() : ordered_json(cost.tool);
  worst["cost"] = cost.cost;
  worst["cost_max"] = cost.cost_max;
  return ordered_json{{"file", cost.file}, {"worst_decision", std::move(worst)}};
}

}  // namespace

std::string RenderJson(FindingList findings, std::span<const PolicyCost> costs) {
  ordered_json list = ordered_json::array();
  for (const Diagnostic* finding : findings) list.push_back(FindingJson(*finding));
  ordered_json policies = ordered_json::array();
  for (const PolicyCost& cost : costs) policies.push_back(CostJson(cost));
  const ordered_json report{{"findings", std::move(list)}, {"policies", std::move(policies)}};
  // A file name may hold any bytes: they must not make the report unreadable.
  return report.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace policy
