#include "runtime/vm/native_code.h"

#include <utility>

#include "policy/check.h"

namespace policy {

NativeCode::NativeCode(const std::vector<bool>& counted, std::uint32_t calls_wanted,
                       std::function<void()> wake)
    : entries_(counted.size()), calls_wanted_(calls_wanted), wake_(std::move(wake)) {
  CHECK(calls_wanted > 0);
  for (std::size_t block = 0; block < counted.size(); ++block) {
    entries_[block].state = counted[block] ? kCounted : kNotCounted;
  }
}

NativeCode::~NativeCode() = default;

void NativeCode::Count(const Entry& entry) const {
  const std::uint32_t calls = entry.calls.load(std::memory_order_relaxed) + 1;
  if (calls > calls_wanted_) return;
  entry.calls.store(calls, std::memory_order_relaxed);
  if (calls == calls_wanted_) wake_();
}

void NativeCode::RunCode(NativeBlock code, std::uint32_t allow_count, Frame& frame,
                         Findings& findings) {
  std::vector<FoundRule>& allows = findings.allows;
  const std::size_t first = allows.size();
  allows.resize(first + allow_count);
  NativeCall call{.slots = frame.slot_count() == 0 ? nullptr : &frame.slot(0),
                  .allows = allows.data() + first,
                  .frame = &frame,
                  .findings = &findings};
  code(&call);
  allows.resize(static_cast<std::size_t>(call.allows - allows.data()));
}

void NativeCode::Install(std::uint32_t block, NativeBlock code, std::uint32_t allow_count,
                         std::shared_ptr<const void> owner) {
  Entry& entry = entries_[block];
  CHECK(!IsInstalled(block));
  owners_.push_back(std::move(owner));
  entry.allow_count = allow_count;
  entry.state.store(reinterpret_cast<std::uintptr_t>(code), std::memory_order_release);
}

void NativeCode::GiveUp(std::uint32_t block) {
  entries_[block].state.store(kNotCounted, std::memory_order_release);
}

bool NativeCode::IsInstalled(std::uint32_t block) const {
  const std::uintptr_t state = entries_[block].state.load(std::memory_order_acquire);
  return state != kNotCounted && state != kCounted;
}

std::vector<std::uint32_t> NativeCode::Wanted() const {
  std::vector<std::uint32_t> wanted;
  for (std::uint32_t block = 0; block < entries_.size(); ++block) {
    const Entry& entry = entries_[block];
    if (entry.state.load(std::memory_order_acquire) == kCounted &&
        entry.calls.load(std::memory_order_relaxed) >= calls_wanted_) {
      wanted.push_back(block);
    }
  }
  return wanted;
}

}  // namespace policy
