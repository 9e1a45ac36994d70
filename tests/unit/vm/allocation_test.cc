// Deciding a call allocates nothing once a call of its size has been decided.
#include <atomic>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "policy/compiler.h"
#include "policy/evaluator.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/mcp/message.h"
#include "runtime/program/frame.h"
#include "runtime/vm/interpreter.h"
#include "tests/unit/vm/written_program.h"

namespace {
std::atomic<std::size_t> allocation_count = 0;

void* Allocate(std::size_t bytes) {
  ++allocation_count;
  if (void* const room = std::malloc(bytes == 0 ? 1 : bytes)) return room;
  std::abort();
}
}  // namespace

void* operator new(std::size_t bytes) { return Allocate(bytes); }
void* operator new[](std::size_t bytes) { return Allocate(bytes); }
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes); }
void* operator new[](std::size_t bytes, const std::nothrow_t&) noexcept { return Allocate(bytes); }
void operator delete(void* room) noexcept { std::free(room); }
void operator delete[](void* room) noexcept { std::free(room); }
void operator delete(void* room, std::size_t) noexcept { std::free(room); }
void operator delete[](void* room, std::size_t) noexcept { std::free(room); }

namespace policy {
namespace {

TEST_CASE("values are made without an allocation in steady state") {
  // all r in args.to: (domain(r) == "x.org" and (any s in args.more: lower(s) == r))
  ProgramText text;
  const std::uint32_t to = text.Argument("to");
  const std::uint32_t more = text.Argument("more");
  const std::uint32_t outer = text.encoder.AddVariable();
  const std::uint32_t domain = text.encoder.AddApplied(Function::Domain, outer);
  const std::uint32_t inner = text.encoder.AddVariable();
  const std::uint32_t lower = text.encoder.AddApplied(Function::Lower, inner);
  const std::uint32_t same = text.encoder.AddCompared(Relation::Equal, lower, outer);
  const std::uint32_t any =
      text.Quantify(format::Quantifier::Any, more, inner, {text.IsTrue(same)});
  Instruction both = text.IsTrue(any);
  both.flags = static_cast<std::uint8_t>(WriteMode::And);
  const std::uint32_t all =
      text.Quantify(format::Quantifier::All, to, outer, {text.Equals(domain, "x.org"), both});
  const std::uint32_t length = text.encoder.AddApplied(Function::Length, to);
  const std::uint32_t deny = text.AddRule(format::RuleKind::Deny, "send/deny/1");
  text.Block("send", {text.IsTrue(all),
                      text.Test(Predicate::GreaterNumber, length, text.encoder.AddNumber({2, 0}),
                                static_cast<std::uint8_t>(WriteMode::And)),
                      {.opcode = Opcode::Deny, .constant = deny}});
  Frame frame(text.Load());
  std::string to_list = "[";
  std::string more_list = "[";
  for (int i = 0; i < 40; ++i) {
    const std::string comma = i == 0 ? "" : ",";
    to_list += comma + "\"user" + std::to_string(i) + "@x.org\"";
    more_list += comma + "\"USER" + std::to_string(39 - i) + "@\\u0058.org\"";
  }
  const std::string arguments = R"({"to":)" + to_list + R"(],"more":)" + more_list + "]}";
  Findings findings;
  const auto decide = [&] {
    if (!mcp::FillArguments(arguments, frame)) return false;
    frame.set_tool("send");
    findings.Clear();
    Interpret(frame, findings);
    return findings.denials.size() == 1 && findings.denials.front().truth == Truth::True;
  };
  for (int i = 0; i < 3; ++i) REQUIRE(decide());
  const std::size_t before = allocation_count;
  bool all_denied = true;
  for (int i = 0; i < 20; ++i) all_denied = decide() && all_denied;
  CHECK(allocation_count - before == 0);
  CHECK(all_denied);
}

// Whole decisions from bytes by the text of a policy, without the first few.
class Decisions {
 public:
  explicit Decisions(const char* policy) : source_("policy.json", policy) {
    context_.now_ns = 1'772'359'200'000'000'000;
    Diagnostics diagnostics;
    const auto bytes = Compile(source_, {}, diagnostics);
    REQUIRE(bytes.has_value());
    auto program = Program::Load(*bytes);
    REQUIRE(program.has_value());
    evaluator_.emplace(*std::move(program), counters_, "test");
  }

  // Allocations of `count` decisions of `request`, each of which comes to `outcome`.
  std::size_t Allocations(std::string_view request, Outcome outcome, int count = 50) {
    const auto decide = [&] {
      evaluator_->Decide(request, context_, decision_, reservation_);
      reservation_.Settle(Settlement::Commit);
      return decision_.outcome == outcome;
    };
    for (int i = 0; i < 3; ++i) REQUIRE(decide());
    const std::size_t before = allocation_count;
    bool all = true;
    for (int i = 0; i < count; ++i) all = decide() && all;
    const std::size_t made = allocation_count - before;
    REQUIRE(all);
    return made;
  }

 private:
  Source source_;
  CallContext context_;
  MemoryCounters counters_;
  std::optional<Evaluator> evaluator_;
  Decision decision_;
  Reservation reservation_;
};

TEST_CASE("a decision allocates nothing, whatever it is") {
  Decisions decisions(R"({"version":"1","default":"deny","hide":["secret_*"],"tools":{
    "refund":{"require":[{"conditions":[{"path":"args.amount","op":"lte","value":100}],
                          "on_deny":"Refunds are at most 100, whoever may have asked for more"},
                         {"conditions":[{"path":"args.currency","op":"in","value":["EUR","USD"]}]}],
              "limits":[{"counter":"refunds","window":"day","max":1000000,
                         "scope":["grant",{"arg":"to"}]}]},
    "closed":{"args":["a","b"]},
    "rare":{"limits":[{"counter":"once and no more","window":"lifetime","max":0},
                      {"counter":"daily","window":"day","max":5}]}}})");
  const auto call = [](std::string_view tool, std::string_view arguments) {
    return R"({"jsonrpc":"2.0","id":"one","method":"tools/call","params":{"name":")" +
           std::string(tool) + R"(","arguments":)" + std::string(arguments) + "}}";
  };
  const std::string good =
      R"({"amount":99.50,"currency":"EUR","to":"an account with a \u0022name\u0022",)"
      R"("a key of more than sixteen bytes":[{"a":1},{"a":2}],"\u0061b":null,"\u00e9t\u00e9":"é"})";
  CHECK(decisions.Allocations(call("refund", good), Outcome::Allow) == 0);
  CHECK(decisions.Allocations(call("refund", R"({"amount":101,"currency":"EUR","to":"x"})"),
                              Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("refund", R"({"amount":1,"currency":"GBP","to":"x"})"),
                              Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("secret_door", "{}"), Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("nobody_knows_it", "{}"), Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("rare", "{}"), Outcome::Limited) == 0);
  CHECK(decisions.Allocations(call("closed", R"({"a":1})"), Outcome::Allow) == 0);
  CHECK(decisions.Allocations(
            call("closed", R"({"a":1,"b":2,"an argument that nobody expects there":3})"),
            Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("closed", R"({"\u007a":1})"), Outcome::Deny) == 0);
  // Unknown: missing, of a wrong type, null.
  CHECK(decisions.Allocations(call("refund", R"({"currency":"EUR","to":"x"})"), Outcome::Deny) ==
        0);
  CHECK(decisions.Allocations(call("refund", R"({"amount":"1","currency":"EUR","to":"x"})"),
                              Outcome::Deny) == 0);
  CHECK(decisions.Allocations(call("refund", R"({"amount":1,"currency":null,"to":"x"})"),
                              Outcome::Deny) == 0);
}

}  // namespace
}  // namespace policy
