#include "runtime/gateway/metrics/metrics.h"

#include <charconv>
#include <cmath>
#include <map>
#include <utility>

namespace policy::gateway {
namespace {

struct Described {
  std::string_view name;
  std::string_view type;
  std::string_view help;
};

constexpr Described kSums[] = {
#define METRIC_SUM(id, name, type, help) {name, type, help},
#define METRIC_DURATION(id, name, help)
#include "runtime/gateway/metrics/metrics.def"
#undef METRIC_SUM
#undef METRIC_DURATION
};
constexpr Described kDurations[] = {
#define METRIC_SUM(id, name, type, help)
#define METRIC_DURATION(id, name, help) {name, "histogram", help},
#include "runtime/gateway/metrics/metrics.def"
#undef METRIC_SUM
#undef METRIC_DURATION
};

// Families with labels, in the order in which they are shown.
constexpr Described kDecisions = {"decisions_total", "counter", "calls decided"};
constexpr Described kRules = {"rules_total", "counter", "decisions that a rule took part in"};
constexpr Described kNearFull = {"limits_near_full_total", "counter",
                                 "calls that left a limit more than 90 % used"};
constexpr Described kUpstreamCalls = {"upstream_calls_total", "counter", "calls sent to servers"};
constexpr Described kRefused = {"http_refused_total", "counter", "HTTP requests refused"};
constexpr Described kLabelled[] = {kDecisions, kRules, kNearFull, kUpstreamCalls, kRefused};

constexpr std::string_view kOther = "other";
constexpr double kNanosecondsPerSecond = 1e9;
// Buckets are shown at every power of two only: the finer ones are kept, but cost a scrape more
// than they tell.
constexpr int kShownPowerMin = 6;   // 64 ns
constexpr int kShownPowerMax = 39;  // 9 minutes

void AppendLabel(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out.push_back(',');
  out.append(name);
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') {
      out.push_back('\\');
      out.push_back(c);
    } else if (c == '\n') {
      out += "\\n";
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void AppendHead(std::string& out, const Described& metric) {
  out += "# HELP policyd_";
  out += metric.name;
  out.push_back(' ');
  out += metric.help;
  out += "\n# TYPE policyd_";
  out += metric.name;
  out.push_back(' ');
  out += metric.type;
  out.push_back('\n');
}

void AppendSeconds(std::string& out, double nanoseconds) {
  std::array<char, 32> text;
  const double seconds = nanoseconds / kNanosecondsPerSecond;
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), seconds);
  out.append(text.data(), end);
}

void AppendSample(std::string& out, std::string_view name, std::string_view labels,
                  std::int64_t value) {
  out += "policyd_";
  out += name;
  if (!labels.empty()) {
    out.push_back('{');
    out += labels;
    out.push_back('}');
  }
  out.push_back(' ');
  out += std::to_string(value);
  out.push_back('\n');
}

// What several workers have recorded, as one.
struct Recorded {
  std::array<std::int64_t, Histogram::kBuckets> counts{};
  std::int64_t sum_ns = 0;

  void Add(const Histogram& histogram) {
    for (std::size_t i = 0; i < counts.size(); ++i) counts[i] += histogram.count(i);
    sum_ns += histogram.sum_ns();
  }
};

void AppendHistogram(std::string& out, const Described& metric, const Recorded& recorded) {
  AppendHead(out, metric);
  std::int64_t below = 0;
  std::size_t bucket = 0;
  const std::string name(metric.name);
  for (int power = kShownPowerMin; power <= kShownPowerMax; ++power) {
    const std::int64_t end = std::int64_t{1} << power;
    for (; bucket < recorded.counts.size() && Histogram::EndOf(bucket) <= end; ++bucket) {
      below += recorded.counts[bucket];
    }
    out += "policyd_" + name + "_bucket{le=\"";
    AppendSeconds(out, static_cast<double>(end));
    out += "\"} " + std::to_string(below) + "\n";
  }
  for (; bucket < recorded.counts.size(); ++bucket) below += recorded.counts[bucket];
  AppendSample(out, name + "_bucket", "le=\"+Inf\"", below);
  out += "policyd_" + name + "_sum ";
  AppendSeconds(out, static_cast<double>(recorded.sum_ns));
  out.push_back('\n');
  AppendSample(out, name + "_count", {}, below);
}

}  // namespace

MetricCell& WorkerMetrics::Series(std::string_view family, std::string labels) {
  const std::lock_guard lock(mutex_);
  LabelledCell& added = cells_.emplace_back();
  added.family = family;
  added.labels = std::move(labels);
  return added.cell;
}

void WorkerMetrics::CountDecision(const CountedDecision& decision) {
  const auto cell_of = [&](std::string_view tool) -> MetricCell& {
    key_.assign("d");
    for (const std::string_view part : {decision.server, tool, decision.outcome}) {
      key_.append(part);
      key_.push_back('\0');
    }
    key_.push_back(decision.is_observed ? '1' : '0');
    if (const auto found = index_.find(key_); found != index_.end()) return *found->second;
    std::string labels;
    AppendLabel(labels, "server", decision.server);
    AppendLabel(labels, "tool", tool);
    AppendLabel(labels, "outcome", decision.outcome);
    if (decision.is_observed) AppendLabel(labels, "observed", "true");
    MetricCell& cell = Series(kDecisions.name, std::move(labels));
    index_.emplace(key_, &cell);
    return cell;
  };
  // Servers and outcomes are few: with `other` for a tool there is always room.
  cell_of(index_.size() < kSeriesMax ? decision.tool : kOther).Add(1);
}

void WorkerMetrics::CountTwo(const LabelPair& pair) {
  const std::string_view second = index_.size() < kSeriesMax ? pair.second : kOther;
  key_.assign(pair.family);
  for (const std::string_view part : {pair.server, second}) {
    key_.push_back('\0');
    key_.append(part);
  }
  const auto found = index_.find(key_);
  if (found != index_.end()) return found->second->Add(1);
  std::string labels;
  if (!pair.server.empty()) AppendLabel(labels, "server", pair.server);
  AppendLabel(labels, pair.label, second);
  MetricCell& cell = Series(pair.family, std::move(labels));
  index_.emplace(key_, &cell);
  cell.Add(1);
}

void WorkerMetrics::CountRule(std::string_view server, std::string_view rule_id) {
  CountTwo({.family = kRules.name, .server = server, .label = "rule", .second = rule_id});
}

void WorkerMetrics::CountNearFull(std::string_view server, std::string_view counter) {
  CountTwo({.family = kNearFull.name, .server = server, .label = "counter", .second = counter});
}

void WorkerMetrics::CountUpstream(std::string_view server, std::string_view result) {
  CountTwo({.family = kUpstreamCalls.name, .server = server, .label = "result", .second = result});
}

void WorkerMetrics::CountRefusedRequest(int status) {
  const std::string text = std::to_string(status);
  CountTwo({.family = kRefused.name, .server = {}, .label = "status", .second = text});
}

WorkerMetrics& Metrics::AddWorker() {
  const std::lock_guard lock(mutex_);
  return workers_.emplace_back();
}

void Metrics::CountReload(bool has_failed) {
  const std::lock_guard lock(mutex_);
  ++(has_failed ? failed_reloads_ : reloads_);
}

void Metrics::SetOutside(const Outside& outside) {
  const std::lock_guard lock(mutex_);
  outside_ = outside;
}

void Metrics::SetPolicies(std::vector<PolicyInForce> policies) {
  const std::lock_guard lock(mutex_);
  policies_ = std::move(policies);
}

std::string Metrics::RenderPrometheus(std::int64_t now_s) const {
  // Label sets of several workers are one series.
  std::map<std::string_view, std::map<std::string, std::int64_t>> labelled;
  std::array<std::int64_t, static_cast<std::size_t>(Sum::Count_)> sums{};
  std::vector<Recorded> durations(static_cast<std::size_t>(Duration::Count_));
  std::string out;
  const std::lock_guard lock(mutex_);
  for (const WorkerMetrics& worker : workers_) {
    for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += worker.sums_[i].value();
    for (std::size_t i = 0; i < durations.size(); ++i) durations[i].Add(worker.durations_[i]);
    const std::lock_guard cells_lock(worker.mutex_);
    for (const auto& labelled_cell : worker.cells_) {
      labelled[labelled_cell.family][labelled_cell.labels] += labelled_cell.cell.value();
    }
  }
  AppendHead(out, {"build_info", "gauge", "always 1; the version is a label"});
  std::string version;
  AppendLabel(version, "version", version_);
  AppendSample(out, "build_info", version, 1);
  AppendHead(out, {"time_seconds", "gauge", "the clock that policies are decided by"});
  AppendSample(out, "time_seconds", {}, now_s);
  AppendHead(out, {"workers", "gauge", "event loops"});
  AppendSample(out, "workers", {}, static_cast<std::int64_t>(workers_.size()));
  AppendHead(out, {"connections", "gauge", "connections of clients"});
  AppendSample(out, "connections", {}, static_cast<std::int64_t>(outside_.connections));
  AppendHead(out, {"children", "gauge", "servers over stdio that run"});
  AppendSample(out, "children", {}, static_cast<std::int64_t>(outside_.children));
  AppendHead(out, {"clients_cut_total", "counter", "clients cut off because they did not read"});
  AppendSample(out, "clients_cut_total", {}, static_cast<std::int64_t>(outside_.clients_cut));
  AppendHead(out, {"reloads_total", "counter", "edits of configuration or policies"});
  AppendSample(out, "reloads_total", "result=\"applied\"", reloads_);
  AppendSample(out, "reloads_total", "result=\"refused\"", failed_reloads_);
  AppendHead(out, {"policy_info", "gauge", "always 1; the policies in force are labels"});
  for (const PolicyInForce& policy : policies_) {
    std::string labels;
    AppendLabel(labels, "server", policy.server);
    AppendLabel(labels, "policy", policy.path);
    AppendLabel(labels, "hash", policy.hash);
    AppendSample(out, "policy_info", labels, 1);
  }
  for (std::size_t i = 0; i < sums.size(); ++i) {
    AppendHead(out, kSums[i]);
    AppendSample(out, kSums[i].name, {}, sums[i]);
  }
  for (const Described& family : kLabelled) {
    AppendHead(out, family);
    for (const auto& [labels, value] : labelled[family.name]) {
      AppendSample(out, family.name, labels, value);
    }
  }
  for (std::size_t i = 0; i < durations.size(); ++i) {
    AppendHistogram(out, kDurations[i], durations[i]);
  }
  return out;
}

}  // namespace policy::gateway
