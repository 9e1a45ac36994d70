#include "runtime/vm/native_code.h"

#include <array>
#include <utility>

#include "policy/check.h"

namespace policy {
namespace {

constexpr std::array<std::int64_t, kNativePowers> kPowers = [] {
  std::array<std::int64_t, kNativePowers> powers{1};
  for (std::size_t i = 1; i < kNativePowers; ++i) powers[i] = 10 * powers[i - 1];
  return powers;
}();

}  // namespace

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

void NativeCode::CountRuns(const Entry& entry) {
  const std::uint32_t answered = entry.answered.load(std::memory_order_relaxed);
  entry.answered.store(answered + kRunsSampled, std::memory_order_relaxed);
}

// As for calls, what threads count at once may be counted once.
void NativeCode::CountLeft(const Entry& entry) {
  const std::uint32_t left = entry.left.load(std::memory_order_relaxed) + 1;
  if (left < kLeftLookedAt) {
    entry.left.store(left, std::memory_order_relaxed);
    return;
  }
  if (entry.answered.load(std::memory_order_relaxed) < kAnsweredPerLeftMin * kLeftLookedAt) {
    entry.state.store(kNotCounted, std::memory_order_release);
  }
  entry.answered.store(0, std::memory_order_relaxed);
  entry.left.store(0, std::memory_order_relaxed);
}

// clang's sanitizer of undefined behaviour looks for the type of what is called, which machine code
// does not carry.
#ifdef __clang__
[[clang::no_sanitize("function")]]
#endif
bool NativeCode::RunCode(NativeBlock code, std::uint32_t allow_count, Frame& frame,
                         Findings& findings) {
  std::vector<FoundRule>& allows = findings.allows;
  const std::size_t first = allows.size();
  const std::size_t denials = findings.denials.size();
  const std::size_t approvals = findings.approvals.size();
  const std::size_t limits = findings.limits.size();
  allows.resize(first + allow_count);
  NativeCall call{.slots = frame.slot_count() == 0 ? nullptr : &frame.slot(0),
                  .allows = allows.data() + first,
                  .frame = &frame,
                  .findings = &findings,
                  .powers = kPowers.data()};
  code(&call);
  if (call.left) {
    allows.resize(first);
    findings.denials.resize(denials);
    findings.approvals.resize(approvals);
    findings.limits.resize(limits);
    return false;
  }
  allows.resize(static_cast<std::size_t>(call.allows - allows.data()));
  return true;
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
