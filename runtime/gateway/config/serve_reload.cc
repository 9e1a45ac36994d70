#include "runtime/gateway/config/serve_reload.h"

#include <algorithm>
#include <utility>

namespace policy::gateway {

ServeReload::ServeReload(std::shared_ptr<const ServeState> state, CompilePolicy compile,
                         CounterTarget target, transport::EventLoop& loop, Report report)
    : state_(std::move(state)),
      known_(state_->files),
      compile_(std::move(compile)),
      target_(target),
      loop_(loop),
      report_(std::make_shared<Report>(std::move(report))) {}

ServeReload::~ServeReload() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  wake_.notify_one();
  if (worker_.joinable()) worker_.join();
}

template <typename Change>
void ServeReload::Wake(const Change& change) {
  {
    const std::lock_guard lock(mutex_);
    if (is_over_) return;
    change(wanted_);
    if (!worker_.joinable()) worker_ = std::thread([this] { Work(); });
  }
  wake_.notify_one();
}

void ServeReload::FileChanged() {
  Wake([](Wanted& wanted) { wanted.has_changed = true; });
}

void ServeReload::Reload() {
  Wake([](Wanted& wanted) { wanted.is_asked = true; });
}

void ServeReload::TakeKeys(std::shared_ptr<const KeySet> keys, std::int64_t keys_until_s) {
  Wake([&](Wanted& wanted) {
    wanted.keys = keys;
    wanted.keys_until_s = keys_until_s;
  });
}

void ServeReload::Work() {
  for (;;) {
    Wanted wanted;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] {
        return is_over_ || wanted_.has_changed || wanted_.is_asked || wanted_.keys != nullptr;
      });
      if (is_over_) return;
      std::swap(wanted, wanted_);
    }
    if (wanted.keys != nullptr) {
      state_ = WithKeys(*state_, std::move(wanted.keys), wanted.keys_until_s);
      Tell({.state = state_, .troubles = {}, .paths = {}, .is_keys_only = true});
    }
    if (wanted.has_changed || wanted.is_asked) BuildOnce(wanted.is_asked);
  }
}

bool ServeReload::HasNews() const {
  return std::ranges::any_of(known_,
                             [](const FileState& file) { return StateOf(file.path) != file; });
}

void ServeReload::BuildOnce(bool is_asked) {
  if (!is_asked && !HasNews()) return;
  ServeBuild build = BuildServeState(state_->config->path, compile_, state_.get(), target_);
  known_ = build.files;
  if (build.state == nullptr) {
    // The list may be incomplete; an edit of a file that is in use may mend it.
    for (const FileState& file : state_->files) {
      if (std::ranges::find(known_, file.path, &FileState::path) == known_.end()) {
        known_.push_back(StateOf(file.path));
      }
    }
  }
  if (HasNews()) {
    // Edited while it was read: what was made may be of the old and the new together.
    const std::lock_guard lock(mutex_);
    wanted_.has_changed = true;
    wanted_.is_asked = wanted_.is_asked || is_asked;
    return;
  }
  // A lock beside a policy, or the list of what is switched off, counts where there is one. While
  // it is replaced there may be none, and without it more would be permitted.
  for (const FileState& file : build.files) {
    const auto before = std::ranges::find(state_->files, file.path, &FileState::path);
    if (file.text_hash || before == state_->files.end() || !before->text_hash) continue;
    build.troubles.push_back({.path = file.path,
                              .line = 0,
                              .column = 0,
                              .text = "it is gone; to run without it, start policyd anew"});
  }
  if (!build.troubles.empty()) return Refuse(std::move(build.troubles));
  state_ = std::move(build.state);
  Tell({.state = state_, .troubles = {}, .paths = {}, .is_keys_only = false});
}

// What takes away is not held up by a mistake elsewhere.
void ServeReload::Refuse(ConfigTroubles troubles) {
  auto lessened = WithRevocations(*state_);
  if (lessened != nullptr) state_ = lessened;
  Tell({.state = std::move(lessened),
        .troubles = std::move(troubles),
        .paths = {},
        .is_keys_only = false});
}

void ServeReload::Tell(ServeReloaded reloaded) {
  for (const FileState& file : known_) reloaded.paths.push_back(file.path);
  loop_.Post([report = report_, reloaded = std::move(reloaded)] { (*report)(reloaded); });
}

}  // namespace policy::gateway
