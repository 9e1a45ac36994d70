#include "runtime/gateway/policy_reload.h"

namespace policy::gateway {

PolicyReload::PolicyReload(ReloadOptions options, std::string text, const Program& program,
                           Counters& counters, transport::EventLoop& loop, Install install,
                           Refuse refuse)
    : options_(std::move(options)),
      counters_(counters),
      loop_(loop),
      install_(std::make_shared<Install>(std::move(install))),
      refuse_(std::make_shared<Refuse>(std::move(refuse))),
      known_text_(std::move(text)),
      hash_(program.hash()) {}

PolicyReload::~PolicyReload() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_one();
  if (worker_.joinable()) worker_.join();
}

void PolicyReload::FileChanged() {
  {
    const std::lock_guard lock(mutex_);
    has_changed_ = true;
  }
  if (!worker_.joinable()) worker_ = std::thread([this] { Work(); });
  wake_.notify_one();
}

void PolicyReload::Work() {
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return has_changed_ || is_over_; });
      if (is_over_) return;
      has_changed_ = false;
    }
    LoadOnce();
  }
}

void PolicyReload::LoadOnce() {
  const auto text = ReadPolicyFile(options_.path);
  // Renamed away: the file that takes its place is an event of its own.
  if (!text || *text == known_text_) return;
  known_text_ = *text;
  auto program = LoadPolicy({.path = options_.path,
                             .text = *text,
                             .tools_path = options_.tools_path,
                             .server = options_.server},
                            options_.compile);
  if (!program) {
    loop_.Post([refuse = refuse_, why = std::move(program.error())] { (*refuse)(why); });
    return;
  }
  if ((*program)->hash() == hash_) return;
  auto version = std::make_shared<PolicyVersion>(*program, counters_, options_.attachment);
  if (auto trouble = WhyNotKept(version->bound, options_.counter_place)) {
    loop_.Post([refuse = refuse_, why = *std::move(trouble)] { (*refuse)(why); });
    return;
  }
  hash_ = (*program)->hash();
  loop_.Post([install = install_, version = std::move(version)] { (*install)(version); });
}

}  // namespace policy::gateway
