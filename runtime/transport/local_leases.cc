#include "runtime/transport/local_leases.h"

#include <chrono>
#include <utility>

#include "runtime/transport/local_socket.h"

namespace policy::transport {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kElectInterval(2);
constexpr milliseconds kElectIntervalInTrouble(250);
constexpr std::int64_t kTroubleAfterNanoseconds = 1'000'000'000;

}  // namespace

LocalLeases::LocalLeases(Surroundings surroundings, StateDirectory directory, File members)
    : surroundings_(std::move(surroundings)),
      directory_(std::move(directory)),
      members_(std::move(members)) {}

void LocalLeases::Elect() {
  if (elected_since_ns_ == 0) elected_since_ns_ = surroundings_.clock.MonotonicNanoseconds();
  auto lead = directory_.TryLead();
  if (!lead) {
    surroundings_.events.on_refused(lead.error());
    TryAgain(lead.error());
  } else if (*lead) {
    Lead(std::move(**lead));
  } else {
    Follow();
  }
}

void LocalLeases::Lead(File lead) {
  auto leader = LeaseLeader::Start({.loop = surroundings_.loop,
                                    .directory = directory_,
                                    .counters = surroundings_.counters,
                                    .clock = surroundings_.clock,
                                    .is_alone = StateDirectory::IsAlone(members_)},
                                   std::move(lead));
  if (!leader) {
    surroundings_.events.on_refused(leader.error());
    TryAgain(leader.error());
    return;
  }
  leader_ = std::move(*leader);
  if (leader_->pool().waiting_count() > 0) {
    surroundings_.events.on_trouble(
        "limits in " + directory_.path() +
        " were last charged at a time that has not come yet by the clock of this machine: calls "
        "that "
        "they count are denied until it has, or until you say that the clock is right: policyd "
        "limits confirm");
  }
  BeginTerm(leader_->incarnation());
}

void LocalLeases::Follow() {
  Descriptor socket = ConnectLocally(directory_, kLeaseSocketName);
  if (!socket.is_open()) {
    TryAgain("the process that leads in " + directory_.path() + " does not listen");
    return;
  }
  follower_ = std::make_unique<LeaseFollower>(
      surroundings_.loop, std::move(socket), surroundings_.counters,
      LeaseFollower::Events{
          .on_welcome = [this](std::uint64_t incarnation) { BeginTerm(incarnation); },
          .on_lost =
              [this] {
                surroundings_.events.on_lost();
                follower_.reset();
                TryAgain("the process that led in " + directory_.path() + " is gone");
              }});
}

// At first soon: somebody is starting or ending. Later seldom.
void LocalLeases::TryAgain(const std::string& trouble) {
  const std::int64_t now_ns = surroundings_.clock.MonotonicNanoseconds();
  if (elected_since_ns_ == 0) elected_since_ns_ = now_ns;
  const bool is_trouble = now_ns - elected_since_ns_ > kTroubleAfterNanoseconds;
  if (is_trouble) surroundings_.events.on_trouble(trouble);
  surroundings_.loop.After(is_trouble ? kElectIntervalInTrouble : kElectInterval,
                           [this] { Elect(); });
}

void LocalLeases::BeginTerm(std::uint64_t incarnation) {
  elected_since_ns_ = 0;
  surroundings_.events.on_term(incarnation);
}

void LocalLeases::Say(const LeaseMessage& message) {
  if (leader_ != nullptr) {
    leader_->Say(message);
  } else if (follower_ != nullptr) {
    follower_->Say(message);
  }
}

void LocalLeases::Hold(std::span<const HoldMessage> holdings) {
  for (const HoldMessage& holding : holdings) Say(holding);
}

void LocalLeases::Ask(std::span<const AskMessage> asks) {
  for (const AskMessage& ask : asks) Say(ask);
}

void LocalLeases::WithPool(const std::function<void(LeasePool* pool)>& visit) {
  if (leader_ == nullptr) return visit(nullptr);
  visit(&leader_->pool());
  leader_->Deliver();
}

void LocalLeases::Return(std::span<const ReturnMessage> returns) {
  for (const ReturnMessage& returned : returns) Say(returned);
}

void LocalLeases::Leave(std::span<const ReturnMessage> returns) {
  Return(returns);
  Say(GoodbyeMessage{});
  if (follower_ != nullptr) follower_->Finish();
}

}  // namespace policy::transport
