// What is counted of a gateway at work, for Prometheus.
//
// Each worker counts into cells of its own, so that counting is one relaxed store; a scrape sums
// over the workers. What a caller can choose is bounded: a tool that no policy and no lock names is
// `other`, and beyond kSeriesMax every new one is.
//
//   Metrics metrics("0.1.0");  WorkerMetrics& mine = metrics.AddWorker();
//   mine.CountDecision({.server = "files", .tool = "read", .outcome = "allow"});
//   mine.Observe(Duration::Decide, 180);
#ifndef RUNTIME_GATEWAY_METRICS_METRICS_H_
#define RUNTIME_GATEWAY_METRICS_METRICS_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "runtime/gateway/metrics/histogram.h"

namespace policy::gateway {

// One number that one thread changes and any thread reads.
class MetricCell {
 public:
  void Add(std::int64_t amount) {
    value_.store(value_.load(std::memory_order_relaxed) + amount, std::memory_order_relaxed);
  }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

// Counters and gauges without labels of a caller's choice; kSum in metrics.def has the names.
enum class Sum : std::uint8_t {
#define METRIC_SUM(id, name, type, help) id,
#define METRIC_DURATION(id, name, help)
#include "runtime/gateway/metrics/metrics.def"
#undef METRIC_SUM
#undef METRIC_DURATION
  Count_
};

// Times of the parts of a call, in nanoseconds.
enum class Duration : std::uint8_t {
#define METRIC_SUM(id, name, type, help)
#define METRIC_DURATION(id, name, help) id,
#include "runtime/gateway/metrics/metrics.def"
#undef METRIC_SUM
#undef METRIC_DURATION
  Count_
};

// Beyond so many label sets of one worker, tools and rules are counted as `other`.
inline constexpr std::size_t kSeriesMax = 20'000;

// A decision as it is counted. Views are used during the call only.
struct CountedDecision {
  std::string_view server = {};
  std::string_view tool = {};     // "other" unless the policy or its lock names it
  std::string_view outcome = {};  // "allow", "deny", "approval", "limited", "refused", "disabled"
  bool is_observed = false;       // let through although it says otherwise
};

// The numbers of one worker. Counting: that worker's thread alone.
class WorkerMetrics {
 public:
  WorkerMetrics() = default;
  WorkerMetrics(const WorkerMetrics&) = delete;  // scraped where it is
  WorkerMetrics& operator=(const WorkerMetrics&) = delete;

  void Count(Sum sum, std::int64_t amount = 1) { sums_[static_cast<std::size_t>(sum)].Add(amount); }
  void Observe(Duration duration, std::int64_t nanoseconds) {
    durations_[static_cast<std::size_t>(duration)].Record(nanoseconds);
  }
  void CountDecision(const CountedDecision& decision);
  void CountRule(std::string_view server, std::string_view rule_id);
  // A limit that has used more than kNearFullPercent of its max.
  void CountNearFull(std::string_view server, std::string_view counter);
  // A call that was sent and has ended: "answered", "error", or "unsent" after all.
  void CountUpstream(std::string_view server, std::string_view result);
  void CountRefusedRequest(int status);  // HTTP: 401, 403, …

 private:
  friend class Metrics;
  struct LabelPair {
    std::string_view family;
    std::string_view server;  // empty: no such label
    std::string_view label;
    std::string_view second;
  };
  void CountTwo(const LabelPair& pair);
  MetricCell& Series(std::string_view family, std::string labels);

  std::array<MetricCell, static_cast<std::size_t>(Sum::Count_)> sums_;
  std::array<Histogram, static_cast<std::size_t>(Duration::Count_)> durations_;
  // By family and rendered labels. The index is the worker's own; the list is shared with scrapes.
  struct LabelledCell {
    std::string_view family;
    std::string labels;
    MetricCell cell;
  };
  std::unordered_map<std::string, MetricCell*> index_;
  std::string key_;
  mutable std::mutex mutex_;  // of cells_: held to add one, and by scrapes
  std::deque<LabelledCell> cells_;
};

inline constexpr int kNearFullPercent = 90;

// Thread-safe. Workers are added before they run and live as long as this.
class Metrics {
 public:
  explicit Metrics(std::string version) : version_(std::move(version)) {}
  Metrics(const Metrics&) = delete;  // workers refer to it
  Metrics& operator=(const Metrics&) = delete;

  WorkerMetrics& AddWorker();

  void CountReload(bool has_failed);
  // What others count, asked when it is shown.
  struct Outside {
    std::uint64_t connections = 0;
    std::uint64_t clients_cut = 0;
    std::uint64_t children = 0;
  };
  void SetOutside(const Outside& outside);
  // Policies in force, as (server, policy path, hash): replaces what was told before.
  struct PolicyInForce {
    std::string server;
    std::string path;
    std::string hash;
  };
  void SetPolicies(std::vector<PolicyInForce> policies);

  // Prometheus text exposition, version 0.0.4.
  std::string RenderPrometheus(std::int64_t now_s) const;

 private:
  mutable std::mutex mutex_;
  std::string version_;
  std::deque<WorkerMetrics> workers_;
  std::vector<PolicyInForce> policies_;
  Outside outside_;
  std::int64_t reloads_ = 0;
  std::int64_t failed_reloads_ = 0;
};

inline constexpr std::string_view kPrometheusContentType =
    "text/plain; version=0.0.4; charset=utf-8";

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_METRICS_METRICS_H_
