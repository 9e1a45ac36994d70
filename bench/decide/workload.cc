#include "bench/decide/workload.h"

#include <fmt/format.h>

#include <cstdint>
#include <utility>

#include "policy/check.h"
#include "policy/compiler.h"

namespace policy::bench {
namespace {

constexpr std::size_t kCapMin = 1000;

std::string ToolName(std::size_t tool) { return fmt::format("billing_create_{:05}", tool); }

std::string Entry(std::size_t tool, bool has_limit) {
  std::string entry = fmt::format(
      R"("{}":{{"require":[{{"conditions":[{{"path":"args.amount","op":"lte","value":{}}},)"
      R"({{"path":"args.currency","op":"in","value":["EUR","USD","GBP"]}}]}}])",
      ToolName(tool), kCapMin + tool);
  if (tool % 4 == 0) {
    entry += R"(,"deny_if":[{"conditions":[{"path":"args.recipient","op":"ends_with",)"
             R"("value":"@blocked.example"}]}])";
  }
  if (has_limit) {
    entry += fmt::format(
        R"(,"limits":[{{"counter":"calls{}","window":"day","max":1000000000000}}])", tool);
  }
  return entry + "}";
}

// Evenly spread and in no order: the same in every run.
std::uint64_t NextRandom(std::uint64_t& state) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return state >> 33;
}

}  // namespace

std::shared_ptr<const Program> MakeProgram(std::size_t tools, bool has_limit) {
  std::string text = R"({"version":"1","default":"deny","tools":{)";
  for (std::size_t tool = 0; tool < tools; ++tool) {
    text += (tool == 0 ? "" : ",") + Entry(tool, has_limit);
  }
  text += "}}";
  const Source source("bench.json", std::move(text));
  Diagnostics diagnostics;
  const auto bytes = Compile(source, {}, diagnostics);
  CHECK(bytes.has_value());
  auto program = Program::Load(*bytes);
  CHECK(program.has_value());
  return *std::move(program);
}

std::vector<std::string> MakeRequests(std::size_t count, std::size_t tools, Ending ending) {
  std::vector<std::string> requests;
  std::uint64_t random = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint64_t tool = NextRandom(random) % tools;
    const bool is_denied = (NextRandom(random) % 8 == 0) == (ending == Ending::Allow);
    const std::uint64_t amount = NextRandom(random) % kCapMin + (is_denied ? kCapMin + tools : 0);
    std::string request = fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"method":"tools/call","params":{{"name":"{}","arguments":)"
        R"({{"customer_id":"cus_Ka82bQ","amount":{}.50,"currency":"EUR",)"
        R"("recipient":"accounts@customer.example","order":{{"id":4711,"urgent":false}},"note":")",
        100 + i, ToolName(tool), amount);
    constexpr std::string_view kEnd = "\"}}}";
    CHECK(request.size() + kEnd.size() < kRequestBytes);
    request.append(kRequestBytes - request.size() - kEnd.size(), '.').append(kEnd);
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace policy::bench
