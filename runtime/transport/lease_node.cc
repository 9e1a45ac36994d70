#include "runtime/transport/lease_node.h"

#include <pthread.h>
#include <signal.h>

#include <chrono>
#include <utility>

#include "runtime/limits/store/state_directory.h"
#include "runtime/transport/local_leases.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

// A leader needs this long at most to read its pool and listen, or a process to end.
constexpr std::chrono::seconds kStartTimeout(3);
constexpr milliseconds kMindAsksInterval(100);
constexpr milliseconds kReturnIdleInterval(500);

// Starts a thread that gets no signals: they are for those who wait for them.
template <typename Run>
std::thread StartQuietThread(Run run) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread thread(std::move(run));
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return thread;
}

}  // namespace

std::expected<std::unique_ptr<LeaseNode>, std::string> LeaseNode::Start(Options options,
                                                                        Clock& clock) {
  auto directory = StateDirectory::Open(options.state_directory);
  if (!directory) return std::unexpected(directory.error());
  auto members = directory->JoinMembers();
  if (!members) return std::unexpected(members.error());
  const std::string nobody_answers =
      "state directory " + directory->path() + ": the process that leads there does not answer";
  return StartOn(
      [&](LeaseUpstream::Surroundings surroundings) {
        return std::make_unique<LocalLeases>(std::move(surroundings), std::move(*directory),
                                             std::move(*members));
      },
      std::move(options), clock, nobody_answers);
}

std::expected<std::unique_ptr<LeaseNode>, std::string> LeaseNode::StartWithRedis(
    RedisLeases::Options redis, Options options, Clock& clock) {
  auto leases = RedisLeases::Prepare(std::move(redis));
  if (!leases) return std::unexpected(leases.error());
  return StartOn(*leases, std::move(options), clock, "the store of the counters does not answer");
}

std::expected<std::unique_ptr<LeaseNode>, std::string> LeaseNode::StartOn(
    const LeaseUpstream::Make& make, Options options, Clock& clock,
    const std::string& nobody_answers) {
  auto loop = EventLoop::Make();
  if (!loop) return std::unexpected(loop.error());
  std::unique_ptr<LeaseNode> node(new LeaseNode(std::move(options), clock, std::move(*loop)));
  std::future<std::expected<void, std::string>> settled = node->settled_.get_future();
  node->Begin(make);
  node->loop_->Post([&node = *node] {
    node.upstream_->Begin();
    node.ReturnIdle();
  });
  node->thread_ = StartQuietThread([&node = *node] { node.loop_->Run(); });
  if (settled.wait_for(kStartTimeout) != std::future_status::ready) {
    return std::unexpected(nobody_answers);
  }
  if (auto outcome = settled.get(); !outcome) return std::unexpected(outcome.error());
  return node;
}

LeaseNode::LeaseNode(Options options, Clock& clock, std::unique_ptr<EventLoop> loop)
    : options_(std::move(options)),
      clock_(clock),
      counters_(clock, options_.limits),
      loop_(std::move(loop)) {
  counters_.set_on_demand([this] {
    if (!is_asking_.exchange(true)) loop_->Post([this] { SendAsks(); });
  });
}

LeaseNode::~LeaseNode() {
  loop_->Post([this] { End(); });
  if (thread_.joinable()) thread_.join();
}

void LeaseNode::WithPool(std::function<void(LeasePool* pool)> visit) {
  loop_->Post([this, visit = std::move(visit)] {
    if (upstream_ != nullptr) upstream_->WithPool(visit);
  });
}

void LeaseNode::Release(std::function<void(std::optional<bool>)> on_done) {
  loop_->Post([this, on_done = std::move(on_done)] { upstream_->Release(on_done); });
}

// Before the thread starts.
void LeaseNode::Begin(const LeaseUpstream::Make& make) {
  upstream_ = make(
      {.loop = *loop_,
       .counters = counters_,
       .clock = clock_,
       .events = {.on_term = [this](std::uint64_t i) { BeginTerm(i); },
                  .on_lost =
                      [this] {
                        can_ask_ = false;
                        counters_.set_has_store(false);
                      },
                  .on_refused = [this](const std::string& why) { Settle(std::unexpected(why)); },
                  .on_trouble =
                      [this](const std::string& trouble) {
                        if (options_.on_trouble) options_.on_trouble(trouble);
                      }}});
}

void LeaseNode::BeginTerm(std::uint64_t incarnation) {
  can_ask_ = true;
  counters_.set_has_store(true);
  leads_ = upstream_->leads();
  // A pool that lost its file grants everything anew: what came from the old one must not count
  // beside it.
  if (incarnation_ != 0 && incarnation_ != incarnation) counters_.GiveUpRoom();
  incarnation_ = incarnation;
  upstream_->Hold(counters_.Holdings());
  counters_.AskAnew();
  SendAsks();
  Settle({});
}

void LeaseNode::SendAsks() {
  is_asking_ = false;
  if (can_ask_) upstream_->Ask(counters_.TakeAsks());
  if (ask_timer_ == 0) MindAsks();
}

void LeaseNode::MindAsks() {
  ask_timer_ = 0;
  const bool some_wait =
      counters_.FailAsks(clock_.MonotonicNanoseconds() - SharedCounters::kAskTimeoutNanoseconds);
  if (some_wait) ask_timer_ = loop_->After(kMindAsksInterval, [this] { MindAsks(); });
}

void LeaseNode::ReturnIdle() {
  loop_->After(kReturnIdleInterval, [this] { ReturnIdle(); });
  if (!can_ask_) return;
  const std::vector<ReturnMessage> returns = counters_.TakeIdlePermits();
  if (!returns.empty()) upstream_->Return(returns);
}

void LeaseNode::Settle(std::expected<void, std::string> outcome) {
  if (std::exchange(is_settled_, true)) return;
  settled_.set_value(std::move(outcome));
}

void LeaseNode::End() {
  if (can_ask_) upstream_->Leave(counters_.GiveUpRoom());
  can_ask_ = false;
  upstream_.reset();   // gives up the lead
  loop_->DropTasks();  // of the upstream
  counters_.FailAsks(INT64_MAX);
  loop_->Stop();
}

}  // namespace policy::transport
