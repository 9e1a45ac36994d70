// What is counted, and what is followed of each server and request.
#include "runtime/gateway/metrics/metrics.h"

#include <catch2/catch.hpp>
#include <thread>

#include "runtime/gateway/metrics/circuit_breaker.h"
#include "runtime/gateway/metrics/trace_context.h"

namespace policy::gateway {
namespace {

constexpr std::int64_t kMillisecond = 1'000'000;

bool Says(const std::string& text, const std::string& line) {
  return text.find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("a bucket holds what it says, and is at most a quarter wide") {
  std::int64_t begin = 0;
  for (std::size_t bucket = 0; bucket + 1 < Histogram::kBuckets; ++bucket) {
    const std::int64_t end = Histogram::EndOf(bucket);
    REQUIRE(end > begin);
    REQUIRE(Histogram::BucketOf(begin) == bucket);
    REQUIRE(Histogram::BucketOf(end - 1) == bucket);
    if (begin >= 4) REQUIRE((end - begin) * 4 <= begin);
    begin = end;
  }
  CHECK(begin == std::int64_t{1} << Histogram::kPowersMax);
  CHECK(Histogram::BucketOf(begin) == Histogram::kBuckets - 1);
  CHECK(Histogram::BucketOf(INT64_MAX) == Histogram::kBuckets - 1);
  CHECK(Histogram::BucketOf(-5) == 0);
}

TEST_CASE("workers count apart and are shown together") {
  Metrics metrics("1.2.3");
  WorkerMetrics& one = metrics.AddWorker();
  WorkerMetrics& two = metrics.AddWorker();
  one.CountDecision({.server = "files", .tool = "read", .outcome = "allow"});
  two.CountDecision({.server = "files", .tool = "read", .outcome = "allow"});
  two.CountDecision({.server = "files", .tool = "read", .outcome = "deny", .is_observed = true});
  one.CountRule("files", "/tools/read/deny_if/0");
  one.CountUpstream("files", "error");
  one.CountRefusedRequest(401);
  one.CountNearFull("files", "sends");
  one.Count(Sum::Sessions);
  two.Count(Sum::Sessions, 2);
  one.Count(Sum::Sessions, -1);
  one.Observe(Duration::Decide, 100);
  two.Observe(Duration::Decide, 3'000);
  metrics.CountReload(false);
  metrics.CountReload(true);
  metrics.SetPolicies({{"files", "a\"b\\c\nd.policy", "abc"}});
  const std::string text = metrics.RenderPrometheus(1'800'000'000);
  CHECK(Says(text, R"(policyd_build_info{version="1.2.3"} 1)"));
  CHECK(Says(text, R"(policyd_decisions_total{server="files",tool="read",outcome="allow"} 2)"));
  CHECK(Says(
      text,
      R"(policyd_decisions_total{server="files",tool="read",outcome="deny",observed="true"} 1)"));
  CHECK(Says(text, R"(policyd_rules_total{server="files",rule="/tools/read/deny_if/0"} 1)"));
  CHECK(Says(text, R"(policyd_upstream_calls_total{server="files",result="error"} 1)"));
  CHECK(Says(text, R"(policyd_http_refused_total{status="401"} 1)"));
  CHECK(Says(text, R"(policyd_limits_near_full_total{server="files",counter="sends"} 1)"));
  CHECK(Says(text, "policyd_sessions 2"));
  CHECK(Says(text, R"(policyd_decide_seconds_bucket{le="1.28e-07"} 1)"));
  CHECK(Says(text, R"(policyd_decide_seconds_bucket{le="+Inf"} 2)"));
  CHECK(Says(text, "policyd_decide_seconds_count 2"));
  CHECK(Says(text, R"(policyd_reloads_total{result="refused"} 1)"));
  CHECK(
      Says(text, R"(policyd_policy_info{server="files",policy="a\"b\\c\nd.policy",hash="abc"} 1)"));
}

TEST_CASE("callers cannot make series without end") {
  Metrics metrics("0");
  WorkerMetrics& worker = metrics.AddWorker();
  for (std::size_t i = 0; i < kSeriesMax + 100; ++i) {
    const std::string tool = "tool" + std::to_string(i);
    worker.CountDecision({.server = "s", .tool = tool, .outcome = "deny"});
  }
  const std::string text = metrics.RenderPrometheus(0);
  CHECK(Says(text, R"(policyd_decisions_total{server="s",tool="other",outcome="deny"} 100)"));
}

TEST_CASE("a scrape while workers count loses nothing") {
  Metrics metrics("0");
  constexpr int kThreads = 2;
  constexpr int kCounts = 20'000;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    WorkerMetrics& worker = metrics.AddWorker();
    threads.emplace_back([&worker] {
      for (int i = 0; i < kCounts; ++i) {
        worker.CountDecision({.server = "s", .tool = i % 2 == 0 ? "a" : "b", .outcome = "allow"});
        worker.Observe(Duration::Upstream, i);
      }
    });
  }
  for (int i = 0; i < 20; ++i) CHECK_FALSE(metrics.RenderPrometheus(0).empty());
  for (std::thread& thread : threads) thread.join();
  const std::string text = metrics.RenderPrometheus(0);
  CHECK(Says(text, R"(policyd_decisions_total{server="s",tool="a",outcome="allow"} 20000)"));
  CHECK(Says(text, "policyd_upstream_seconds_count 40000"));
}

TEST_CASE("a server that fails is left alone, then tried with one call") {
  CircuitBreaker breaker(3, 100);
  for (int i = 0; i < 2; ++i) {
    CHECK(breaker.Admit(0));
    breaker.Failed(0);
  }
  breaker.Succeeded();  // only failures one after another count
  for (int i = 0; i < 3; ++i) {
    CHECK(breaker.Admit(0));
    breaker.Failed(0);
  }
  CHECK(breaker.state(0) == BreakerState::Open);
  CHECK_FALSE(breaker.Admit(99 * kMillisecond));
  CHECK(breaker.retry_after_ms(99 * kMillisecond) == 1);
  CHECK(breaker.Admit(100 * kMillisecond));
  CHECK(breaker.state(100 * kMillisecond) == BreakerState::HalfOpen);
  CHECK_FALSE(breaker.Admit(100 * kMillisecond));  // one is enough
  breaker.Abandoned();
  CHECK(breaker.Admit(100 * kMillisecond));
  breaker.Failed(100 * kMillisecond);
  CHECK_FALSE(breaker.Admit(299 * kMillisecond));  // twice as long
  CHECK(breaker.Admit(300 * kMillisecond));
  breaker.Succeeded();
  CHECK(breaker.state(300 * kMillisecond) == BreakerState::Closed);

  CircuitBreaker never(0, 100);
  for (int i = 0; i < 100; ++i) never.Failed(0);
  CHECK(never.Admit(0));
}

TEST_CASE("traceparent is passed on where it is one, and made where it is not") {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  const std::string good = "00-" + trace + "-00f067aa0ba902b7-01";
  std::array<std::uint8_t, 24> random{};
  random[0] = 0xAB;
  const TraceContext ours = ContinueTrace(good, random);
  CHECK(ours.trace() == trace);
  CHECK(ours.ToHeader() == "00-" + trace + "-0000000000000001-01");  // a span of our own
  for (const std::string& bad : std::vector<std::string>{
           std::string(), good.substr(1), good + "-",
           "00-" + std::string(32, '0') + good.substr(35),
           "00-" + trace + "-" + std::string(16, '0') + "-01", "ff" + good.substr(2),
           "00-4BF92F3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", good + "-extra",
           "00_" + trace + "-00f067aa0ba902b7-01", "0g" + good.substr(2),
           "01" + good.substr(2) + "x"}) {
    INFO(bad);
    CHECK_FALSE(ParseTraceparent(bad).has_value());
    CHECK(ContinueTrace(bad, random).trace().starts_with("ab0000"));
  }
  CHECK(ParseTraceparent("01" + good.substr(2) + "-more").has_value());
  CHECK(IsTracestate("vendor=value,other=1"));
  CHECK_FALSE(IsTracestate("a\r\nb"));
  CHECK_FALSE(IsTracestate(std::string(513, 'a')));
}

}  // namespace policy::gateway
