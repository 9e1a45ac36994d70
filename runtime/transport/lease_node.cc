#include "runtime/transport/lease_node.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "runtime/transport/lease_socket.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

// A leader needs this long at most to read its pool and listen, or a process to end.
constexpr std::chrono::seconds kStartTimeout(3);
constexpr milliseconds kElectInterval(2);
constexpr milliseconds kElectIntervalInTrouble(250);
constexpr std::int64_t kTroubleAfterNanoseconds = 1'000'000'000;
constexpr milliseconds kMindAsksInterval(100);

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
  auto loop = EventLoop::Make();
  if (!loop) return std::unexpected(loop.error());
  std::unique_ptr<LeaseNode> node(new LeaseNode(std::move(options), clock, std::move(*directory),
                                                std::move(*members), std::move(*loop)));
  std::future<std::expected<void, std::string>> settled = node->settled_.get_future();
  node->loop_->Post([&node = *node] { node.Elect(); });
  node->thread_ = StartQuietThread([&node = *node] { node.loop_->Run(); });
  if (settled.wait_for(kStartTimeout) != std::future_status::ready) {
    return std::unexpected("state directory " + node->directory_.path() +
                           ": the process that leads there does not answer");
  }
  if (auto outcome = settled.get(); !outcome) return std::unexpected(outcome.error());
  return node;
}

LeaseNode::LeaseNode(Options options, Clock& clock, StateDirectory directory, File members,
                     std::unique_ptr<EventLoop> loop)
    : options_(std::move(options)),
      clock_(clock),
      directory_(std::move(directory)),
      members_(std::move(members)),
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

void LeaseNode::Elect() {
  elect_timer_ = 0;
  if (elected_since_ns_ == 0) elected_since_ns_ = clock_.MonotonicNanoseconds();
  auto lead = directory_.TryLead();
  if (!lead) {
    Settle(std::unexpected(lead.error()));
    TryAgain(lead.error());
  } else if (*lead) {
    Lead(std::move(**lead));
  } else {
    Follow();
  }
}

void LeaseNode::Lead(File lead) {
  auto leader = LeaseLeader::Start({.loop = *loop_,
                                    .directory = directory_,
                                    .counters = counters_,
                                    .clock = clock_,
                                    .is_alone = StateDirectory::IsAlone(members_)},
                                   std::move(lead));
  if (!leader) {
    Settle(std::unexpected(leader.error()));
    TryAgain(leader.error());
    return;
  }
  leader_ = std::move(*leader);
  leads_ = true;
  BeginTerm(leader_->incarnation());
}

void LeaseNode::Follow() {
  Descriptor socket = ConnectToLeader(directory_);
  if (!socket.is_open()) {
    TryAgain("the process that leads in " + directory_.path() + " does not listen");
    return;
  }
  follower_ = std::make_unique<LeaseFollower>(
      *loop_, std::move(socket), counters_,
      LeaseFollower::Events{
          .on_welcome = [this](std::uint64_t incarnation) { BeginTerm(incarnation); },
          .on_lost =
              [this] {
                is_in_office_ = false;
                follower_.reset();
                TryAgain("the process that led in " + directory_.path() + " is gone");
              }});
}

// At first soon: somebody is starting or ending. Later seldom.
void LeaseNode::TryAgain(const std::string& trouble) {
  if (elect_timer_ != 0) return;
  const std::int64_t now_ns = clock_.MonotonicNanoseconds();
  if (elected_since_ns_ == 0) elected_since_ns_ = now_ns;
  const bool is_trouble = now_ns - elected_since_ns_ > kTroubleAfterNanoseconds;
  if (is_trouble && options_.on_trouble) options_.on_trouble(trouble);
  elect_timer_ =
      loop_->After(is_trouble ? kElectIntervalInTrouble : kElectInterval, [this] { Elect(); });
}

void LeaseNode::BeginTerm(std::uint64_t incarnation) {
  elected_since_ns_ = 0;
  is_in_office_ = true;
  // A pool that lost its file grants everything anew: what came from the old one must not count
  // beside it.
  if (incarnation_ != 0 && incarnation_ != incarnation) counters_.GiveUpRoom();
  incarnation_ = incarnation;
  for (const HoldMessage& holding : counters_.Holdings()) Say(holding);
  counters_.AskAnew();
  SendAsks();
  Settle({});
}

void LeaseNode::Say(const LeaseMessage& message) {
  if (leader_ != nullptr) {
    leader_->Say(message);
  } else if (follower_ != nullptr) {
    follower_->Say(message);
  }
}

void LeaseNode::SendAsks() {
  is_asking_ = false;
  if (is_in_office_) {
    for (const AskMessage& ask : counters_.TakeAsks()) Say(ask);
  }
  if (ask_timer_ == 0) MindAsks();
}

void LeaseNode::MindAsks() {
  ask_timer_ = 0;
  const bool some_wait =
      counters_.FailAsks(clock_.MonotonicNanoseconds() - SharedCounters::kAskTimeoutNanoseconds);
  if (some_wait) ask_timer_ = loop_->After(kMindAsksInterval, [this] { MindAsks(); });
}

void LeaseNode::Settle(std::expected<void, std::string> outcome) {
  if (std::exchange(is_settled_, true)) return;
  settled_.set_value(std::move(outcome));
}

void LeaseNode::End() {
  if (is_in_office_) {
    for (const ReturnMessage& returned : counters_.GiveUpRoom()) Say(returned);
    Say(GoodbyeMessage{});
    if (follower_ != nullptr) follower_->Finish();
  }
  leader_.reset();  // gives up the lead
  follower_.reset();
  counters_.FailAsks(INT64_MAX);
  loop_->Stop();
}

}  // namespace policy::transport
