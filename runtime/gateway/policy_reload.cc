#include "runtime/gateway/policy_reload.h"

#include <algorithm>
#include <utility>

namespace policy::gateway {

PolicyReload::PolicyReload(ReloadOptions options, std::vector<FileState> files,
                           const Program& program, Counters& counters, transport::EventLoop& loop,
                           Report report)
    : options_(std::move(options)),
      counters_(counters),
      loop_(loop),
      report_(std::make_shared<Report>(std::move(report))),
      files_(std::move(files)),
      known_(files_),
      hash_(program.hash()),
      declared_(DeclaredCounters(program)) {}

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

bool PolicyReload::HasNews() const {
  return std::ranges::any_of(known_,
                             [](const FileState& file) { return StateOf(file.path) != file; });
}

void PolicyReload::LoadOnce() {
  if (!HasNews()) return;
  auto text = ReadPolicyFile(options_.path);
  // Renamed away: the file that takes its place is an event of its own.
  if (!text) return;
  LoadedPolicy loaded = LoadPolicy({.path = options_.path,
                                    .text = *std::move(text),
                                    .tools_path = options_.tools_path,
                                    .server = options_.server},
                                   options_.compile);
  known_ = loaded.files;
  if (!loaded.program) AddFilesInForce();
  if (HasNews()) {
    // Edited while it was read: what was made may be of the old and the new together.
    const std::lock_guard lock(mutex_);
    has_changed_ = true;
    return;
  }
  Reloaded reloaded = Judge(std::move(loaded));
  for (const FileState& file : known_) reloaded.paths.push_back(file.path);
  loop_.Post([report = report_, reloaded = std::move(reloaded)] { (*report)(reloaded); });
}

// The files of a program that was not made may be incomplete; an edit of one that was in use may
// mend it.
void PolicyReload::AddFilesInForce() {
  for (const FileState& file : files_) {
    if (std::ranges::find(known_, file.path, &FileState::path) != known_.end()) continue;
    known_.push_back(StateOf(file.path));
  }
}

Reloaded PolicyReload::Judge(LoadedPolicy loaded) {
  Reloaded reloaded;
  if (!loaded.program) {
    reloaded.refusal = std::move(loaded.program.error());
    return reloaded;
  }
  if (const auto lost = LostFile(loaded.files)) {
    reloaded.refusal = *lost + ": it is gone; to run without it, start policyd anew";
    return reloaded;
  }
  if ((*loaded.program)->hash() == hash_) {
    files_ = std::move(loaded.files);
    return reloaded;
  }
  auto version = std::make_shared<PolicyVersion>(*loaded.program, counters_, options_.attachment);
  if (auto trouble = WhyNotKept(version->bound, options_.counter_place)) {
    reloaded.refusal = *std::move(trouble);
    return reloaded;
  }
  std::vector<DeclaredCounter> declared = DeclaredCounters(**loaded.program);
  CounterChanges changes = CompareCounters(declared_, declared, options_.may_reset);
  if (changes.refusal) {
    reloaded.refusal = *std::move(changes.refusal);
    return reloaded;
  }
  if (options_.make_ready) {
    if (auto trouble = options_.make_ready(**loaded.program)) {
      reloaded.refusal = *std::move(trouble);
      return reloaded;
    }
  }
  files_ = std::move(loaded.files);
  hash_ = (*loaded.program)->hash();
  declared_ = std::move(declared);
  reloaded.begun_anew = std::move(changes.lines);
  reloaded.warnings = std::move(loaded.warnings);
  reloaded.version = std::move(version);
  return reloaded;
}

// A lock beside the policy counts where there is one. While it is replaced there may be none, and
// without it more would be permitted.
std::optional<std::string> PolicyReload::LostFile(const std::vector<FileState>& files) const {
  for (const FileState& file : files) {
    const auto before = std::ranges::find(files_, file.path, &FileState::path);
    if (!file.text_hash && before != files_.end() && before->text_hash) return file.path;
  }
  return std::nullopt;
}

}  // namespace policy::gateway
