#include "runtime/mcp/bridge.h"

#include "runtime/mcp/record_text.h"

namespace policy::mcp {

bool MayBeAsked(std::string_view capabilities, std::string_view method, std::string_view params) {
  if (method == "roots/list") return IsRecord(MemberOf(capabilities, "roots"));
  if (method == "sampling/createMessage") {
    const std::string_view sampling = MemberOf(capabilities, "sampling");
    const bool wants_tools = !MemberOf(params, "tools").empty();
    return IsRecord(sampling) && (!wants_tools || IsRecord(MemberOf(sampling, "tools")));
  }
  if (method != "elicitation/create") return false;
  const std::string_view elicitation = MemberOf(capabilities, "elicitation");
  if (!IsRecord(elicitation)) return false;
  const bool has_url = IsRecord(MemberOf(elicitation, "url"));
  if (TextOf(MemberOf(params, "mode")) == "url") return has_url;
  return IsRecord(MemberOf(elicitation, "form")) || !has_url;  // {} means forms
}

std::string RequiredCapability(std::string_view method, std::string_view params) {
  if (method == "roots/list") return R"({"roots":{}})";
  if (method == "sampling/createMessage") {
    const bool wants_tools = !MemberOf(params, "tools").empty();
    return wants_tools ? R"({"sampling":{"tools":{}}})" : R"({"sampling":{}})";
  }
  const bool is_url = TextOf(MemberOf(params, "mode")) == "url";
  return is_url ? R"({"elicitation":{"url":{}}})" : R"({"elicitation":{"form":{}}})";
}

bool MayAsk(std::string_view method) {
  return method == "tools/call" || method == "prompts/get" || method == "resources/read";
}

}  // namespace policy::mcp
