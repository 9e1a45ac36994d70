// A policy and a call from bytes: the optimised program, the plain one and the reference agree, and
// for one input in kMachineCodeEvery machine code of both.
//
// Four lines: policy.json, or "#3" for the fourth of Policies(); the tool's name, its arguments,
// the claims.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/mcp/limits.h"
#include "runtime/value/utf8.h"
#include "tests/differential/case.h"
#include "tests/fuzz/policies.h"
#include "tests/reference/text.h"

namespace {

constexpr std::size_t kBytesMax = 16'384;
// Making machine code takes longer than all else.
constexpr std::size_t kMachineCodeEvery = 16;

std::array<std::string, 4> Lines(std::string_view text) {
  std::array<std::string, 4> lines;
  for (std::string& line : lines) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

// Whether a record in it names a member twice, or twice but for letter case. Readers of calls
// refuse that, and claims that have it are known to be unreadable: the reference is not asked about
// either.
bool NamesTwice(const reference::Json& json) {
  for (std::size_t i = 0; i < json.members.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (reference::SameButForCase(json.members[j].key, json.members[i].key)) return true;
    }
    if (NamesTwice(json.members[i].value)) return true;
  }
  return std::ranges::any_of(json.items, NamesTwice);
}

// What is no JSON is a text of either form, as a String.
std::optional<reference::Json> PolicyOf(const std::string& line) {
  if (!line.starts_with('#')) return reference::ParseJson(line);
  const auto& policies = fuzz::Policies();
  const std::size_t number = std::strtoul(line.c_str() + 1, nullptr, 10);
  return reference::Json::String(policies[number % policies.size()]);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size > kBytesMax || !policy::IsValidUtf8(input)) return 0;
  const auto [policy_text, tool, arguments, claims] = Lines(input);
  if (tool.size() > policy::mcp::kToolNameBytesMax) return 0;  // the reader refuses it
  auto policy = PolicyOf(policy_text);
  const auto parsed_arguments = reference::ParseJson(arguments);
  const auto parsed_claims = reference::ParseJson(claims);
  if (!policy || !parsed_arguments || !parsed_arguments->Is(reference::Json::Kind::Record))
    return 0;
  differential::Case each;
  each.policy = std::move(*policy);
  differential::Step step;
  step.call.tool = tool;
  step.call.arguments = ToText(*parsed_arguments);
  if (parsed_claims && parsed_claims->Is(reference::Json::Kind::Record) &&
      !NamesTwice(*parsed_claims)) {
    step.call.context.claims = ToText(*parsed_claims);
  }
  step.call.context.now_ns = 1'774'738'800'000'000'000;
  each.steps.assign(3, step);
  each.with_machine_code = std::hash<std::string_view>()(input) % kMachineCodeEvery == 0;
  const auto result = differential::RunCase(each, nullptr);
  if (result.kind == differential::CaseResult::Kind::Differs) {
    std::cout << differential::Describe(each) << result.report << std::endl;
    __builtin_trap();
  }
  return 0;
}
