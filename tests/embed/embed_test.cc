// The C interface: what it answers, what it does with what is missing, and what threads may share.
#include <catch2/catch.hpp>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "policy/policy.h"

namespace {

constexpr std::int64_t kNow = 1'772'366'400'000'000'000;

constexpr char kPolicy[] = R"({
  "version": "1", "default": "deny", "hide": ["secret_*"],
  "tools": {
    "send": {
      "require": [{"conditions": [{"path": "args.to", "op": "ends_with", "value": "@example.com"}],
                   "on_deny": "ours only"}],
      "limits": [{"counter": "sends", "window": "hour", "max": 3, "on_error": "refund"}]
    },
    "pay": {"approve_if": [{"conditions": [], "from": "finance", "within": 600}]},
    "own": {"require": [{"conditions": [{"path": "grant.attributes.team", "op": "eq",
                                         "value": "blue"}], "on_deny": "blue only"}]}
  }
})";

template <typename Handle, void (*Free)(Handle*)>
struct Freed {
  void operator()(Handle* handle) const { Free(handle); }
};
using Program = std::unique_ptr<policy_program, Freed<policy_program, policy_program_free>>;
using Counters = std::unique_ptr<policy_counters, Freed<policy_counters, policy_counters_free>>;
using Evaluator = std::unique_ptr<policy_evaluator, Freed<policy_evaluator, policy_evaluator_free>>;
using Decision = std::unique_ptr<policy_decision, Freed<policy_decision, policy_decision_free>>;
using Error = std::unique_ptr<policy_error, Freed<policy_error, policy_error_free>>;

Program Compiled(const std::string& text = kPolicy, const char* name = "policy.json") {
  return Program(policy_program_compile(name, text.data(), text.size(), nullptr));
}

std::string Call(const std::string& tool, const std::string& arguments) {
  return R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":")" + tool +
         R"(","arguments":)" + arguments + "}}";
}
const std::string kSend = Call("send", R"({"to":"a@example.com"})");

policy_context At(std::int64_t now_ns) {
  policy_context context = POLICY_CONTEXT_INIT;
  context.now_ns = now_ns;
  return context;
}

std::string TextOf(policy_text text) { return {text.data, text.size}; }

// One evaluator with counters of its own.
struct Embedder {
  Program program = Compiled();
  Counters counters{policy_counters_new()};
  Evaluator evaluator{policy_evaluator_new(program.get(), counters.get(), "default/local")};
  Decision decision{policy_decision_new()};
  policy_context context = At(kNow);

  policy_outcome Decide(const std::string& request) {
    return policy_decide(evaluator.get(), request.data(), request.size(), &context, decision.get());
  }
  std::string message() const { return TextOf(policy_decision_message(decision.get())); }
  std::string first_rule() const {
    policy_rule rule = POLICY_RULE_INIT;
    REQUIRE(policy_decision_rule(decision.get(), 0, &rule) == 1);
    return TextOf(rule.id);
  }
  std::int64_t used() const {
    policy_quota quota = POLICY_QUOTA_INIT;
    REQUIRE(policy_decision_quota(decision.get(), 0, &quota) == 1);
    return quota.used;
  }
};

}  // namespace

TEST_CASE("calls are decided, charged and settled") {
  Embedder embedder;
  REQUIRE(embedder.evaluator != nullptr);
  for (std::int64_t i = 1; i <= 3; ++i) {
    REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
    CHECK(embedder.used() == i);
    policy_decision_settle(embedder.decision.get(), POLICY_COMMIT);
  }
  REQUIRE(embedder.Decide(kSend) == POLICY_LIMITED);
  CHECK(policy_decision_outcome(embedder.decision.get()) == POLICY_LIMITED);
  CHECK(embedder.first_rule() == "/tools/send/limits/0");
  CHECK(policy_decision_retry_after_ms(embedder.decision.get()) == 3'600'000);
  policy_quota quota = POLICY_QUOTA_INIT;
  REQUIRE(policy_decision_quota(embedder.decision.get(), 0, &quota) == 1);
  CHECK(quota.is_short == 1);
  CHECK(quota.remaining == 0);
  CHECK(quota.window_end_ms == kNow / 1'000'000 + 3'600'000);
  CHECK(TextOf(quota.rule) == "/tools/send/limits/0");
  CHECK(policy_decision_quota(embedder.decision.get(), 1, &quota) == 0);
}

TEST_CASE("what is voided or not settled is given back") {
  Embedder embedder;
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
  policy_decision_settle(embedder.decision.get(), POLICY_VOID);
  policy_decision_settle(embedder.decision.get(), POLICY_COMMIT);  // too late
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
  CHECK(embedder.used() == 1);
  policy_decision_settle(embedder.decision.get(), POLICY_COMMIT_ERROR);  // on_error: refund
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
  CHECK(embedder.used() == 1);
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);  // the one before was not settled
  CHECK(embedder.used() == 1);
  embedder.decision.reset(policy_decision_new());
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
  CHECK(embedder.used() == 1);
}

TEST_CASE("denials and approvals tell why") {
  Embedder embedder;
  CHECK(embedder.Decide(Call("send", R"({"to":"a@example.org"})")) == POLICY_DENY);
  CHECK(embedder.message() == "ours only");
  CHECK(embedder.first_rule() == "/tools/send/require/0");
  CHECK(embedder.Decide(Call("pay", "{}")) == POLICY_APPROVAL);
  CHECK(TextOf(policy_decision_approval_group(embedder.decision.get())) == "finance");
  CHECK(policy_decision_approval_within_seconds(embedder.decision.get()) == 600);
  CHECK(embedder.Decide(Call("other", "{}")) == POLICY_DENY);
  CHECK(embedder.Decide("{") == POLICY_DENY);
  CHECK(policy_decision_rule_count(embedder.decision.get()) == 0);
  CHECK_FALSE(embedder.message().empty());
  CHECK(embedder.Decide(R"({"jsonrpc":"2.0","id":1,"method":"tools/list"})") == POLICY_DENY);
}

TEST_CASE("the context counts, and one that cannot be read denies") {
  Embedder embedder;
  const std::string own = Call("own", "{}");
  CHECK(embedder.Decide(own) == POLICY_DENY);
  embedder.context.grant_attributes = policy_text_of(R"({"team":"blue"})");
  CHECK(embedder.Decide(own) == POLICY_ALLOW);
  embedder.context.grant_attributes = policy_text_of(R"({"team":"blue","team":"blue"})");
  CHECK(embedder.Decide(own) == POLICY_DENY);
}

TEST_CASE(
    "sizes of structures: what this version does not know denies, what the caller does not know is "
    "not written") {
  Embedder embedder;
  struct Later {
    policy_context context = At(kNow);
    policy_text more = {nullptr, 0};
  } later;
  later.context.struct_size = sizeof later;
  const auto decide = [&](const policy_context* context) {
    return policy_decide(embedder.evaluator.get(), kSend.data(), kSend.size(), context,
                         embedder.decision.get());
  };
  CHECK(decide(&later.context) == POLICY_ALLOW);
  later.more = policy_text_of("x");
  CHECK(decide(&later.context) == POLICY_DENY);
  policy_context unset = At(kNow);
  for (const std::size_t size : {std::size_t{0}, sizeof unset - 1, std::size_t{1} << 20}) {
    unset.struct_size = size;
    CHECK(decide(&unset) == POLICY_DENY);
  }
  CHECK(decide(nullptr) == POLICY_ALLOW);

  policy_rule rule = POLICY_RULE_INIT;
  rule.struct_size = offsetof(policy_rule, file);
  rule.line = 4711;
  REQUIRE(policy_decision_rule(embedder.decision.get(), 0, &rule) == 1);
  CHECK(TextOf(rule.id) == "/tools/send");
  CHECK(rule.line == 4711);
  CHECK(rule.struct_size == offsetof(policy_rule, file));
  rule.struct_size = 0;
  CHECK(policy_decision_rule(embedder.decision.get(), 0, &rule) == 0);
}

TEST_CASE("nothing is behind a null handle, and it never allows") {
  Embedder embedder;
  CHECK(policy_decide(nullptr, kSend.data(), kSend.size(), nullptr, embedder.decision.get()) ==
        POLICY_DENY);
  CHECK(policy_decide(embedder.evaluator.get(), nullptr, 0, nullptr, embedder.decision.get()) ==
        POLICY_DENY);
  CHECK(policy_decide(embedder.evaluator.get(), kSend.data(), kSend.size(), nullptr, nullptr) ==
        POLICY_DENY);
  CHECK(policy_evaluator_new(nullptr, embedder.counters.get(), "x") == nullptr);
  CHECK(policy_evaluator_new(embedder.program.get(), nullptr, "x") == nullptr);
  CHECK(policy_evaluator_new(embedder.program.get(), embedder.counters.get(), nullptr) == nullptr);
  CHECK(policy_program_hides(nullptr, policy_text_of("x"), policy_text_of("y")) == 1);
  CHECK(policy_decision_outcome(nullptr) == POLICY_DENY);
  CHECK(policy_decision_rule_count(nullptr) == 0);
  CHECK(TextOf(policy_decision_message(nullptr)).empty());
  CHECK(std::strlen(policy_program_version(nullptr)) == 0);
  policy_decision_settle(nullptr, POLICY_COMMIT);
  policy_program_free(nullptr);
  policy_counters_free(nullptr);
  policy_evaluator_free(nullptr);
  policy_decision_free(nullptr);
  policy_error_free(nullptr);
}

TEST_CASE("errors say what is wrong") {
  policy_error* error = nullptr;
  CHECK(policy_program_load("nonsense", 8, &error) == nullptr);
  REQUIRE(error != nullptr);
  CHECK(std::strlen(policy_error_text(error)) > 0);
  policy_error_free(error);
  CHECK(policy_program_load_file("/nonexistent/policy.pbc", &error) == nullptr);
  CHECK(std::string(policy_error_text(error)) == "/nonexistent/policy.pbc cannot be opened");
  policy_error_free(error);
  const std::string wrong = R"({"version": "1", "default": "allways"})";
  CHECK(policy_program_compile("wrong.json", wrong.data(), wrong.size(), &error) == nullptr);
  CHECK(std::string(policy_error_text(error)).find("wrong.json:1:") == 0);
  policy_error_free(error);
  CHECK(policy_program_compile("wrong.json", wrong.data(), wrong.size(), nullptr) == nullptr);
}

TEST_CASE("programs of either form, and what they hide") {
  const Program program = Compiled();
  CHECK(policy_program_hides(program.get(), policy_text_of("secret_x"),
                             policy_text_of("default")) == 1);
  CHECK(policy_program_hides(program.get(), policy_text_of("send"), policy_text_of("default")) ==
        0);
  CHECK(std::strlen(policy_program_version(program.get())) == 12);
  CHECK(policy_abi_version() == POLICY_ABI_VERSION);
  const Program text = Compiled("default deny\ntool send { allow }\n", "send.policy");
  CHECK(text != nullptr);
}

TEST_CASE("what a handle needs is kept, whatever is freed first") {
  Embedder embedder;
  REQUIRE(embedder.Decide(kSend) == POLICY_ALLOW);
  embedder.program.reset();
  embedder.counters.reset();
  embedder.evaluator.reset();
  CHECK(embedder.first_rule() == "/tools/send");
  policy_decision_settle(embedder.decision.get(), POLICY_COMMIT);
}

TEST_CASE("threads share programs and counters: never more than the limit, and all of it") {
  const Program program = Compiled(R"({"version": "1", "default": "deny", "tools": {"send": {
      "limits": [{"counter": "sends", "window": "hour", "max": 1000}]}}})");
  const Counters counters(policy_counters_new());
  std::vector<int> allowed(4);
  std::vector<std::thread> threads;
  for (int& count : allowed) {
    threads.emplace_back([&] {
      const Evaluator evaluator(policy_evaluator_new(program.get(), counters.get(), "a"));
      const Decision decision(policy_decision_new());
      const policy_context context = At(kNow);
      for (int i = 0; i < 500; ++i) {
        const auto outcome =
            policy_decide(evaluator.get(), kSend.data(), kSend.size(), &context, decision.get());
        if (outcome == POLICY_ALLOW) ++count;
        policy_decision_settle(decision.get(), POLICY_COMMIT);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(allowed[0] + allowed[1] + allowed[2] + allowed[3] == 1000);
}
