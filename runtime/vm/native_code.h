// Machine code in the place of the interpreter: a pointer for each block of a program, null until
// its code is ready, and a count of how often it was wanted.
#ifndef RUNTIME_VM_NATIVE_CODE_H_
#define RUNTIME_VM_NATIVE_CODE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "runtime/program/frame.h"
#include "runtime/value/value.h"
#include "runtime/vm/findings.h"

namespace policy {

// What the code of a block is given. Its layout, and that of what it points to, is built into the
// code by runtime/jit, which asks the compiler for every offset.
struct NativeCall {
  const Value* slots = nullptr;  // all of the frame's, side by side
  FoundRule* allows = nullptr;   // where the next allow rule is noted; moved on by the code
  Frame* frame = nullptr;
  Findings* findings = nullptr;
  const std::int64_t* powers = nullptr;  // of ten, kNativePowers of them
  bool left = false;  // set by code that does not answer: the interpreter has to, from the start
};

// 1, 10, ... 10^18.
inline constexpr std::size_t kNativePowers = 19;

using NativeBlock = void (*)(NativeCall* call);

// The blocks of a program are numbered: its tools, then its patterns.
//
// Thread safety: everything is safe from any thread. Run is what calls wait for: it takes no lock
// and makes no system call but the one that wakes the compiling thread, once for each block.
class NativeCode {
 public:
  // `counted`: by block, whether compiling it may pay. `calls_wanted`: so many calls of such a
  // block make it wanted, and then `wake` is called, once, from the thread of that call.
  NativeCode(const std::vector<bool>& counted, std::uint32_t calls_wanted,
             std::function<void()> wake);
  NativeCode(const NativeCode&) = delete;  // calls hold pointers into it
  NativeCode& operator=(const NativeCode&) = delete;
  ~NativeCode();

  // Runs the block's machine code and adds to `findings`. False: there is none (yet), or it left
  // this call to the interpreter; then nothing was added.
  bool Run(std::uint32_t block, Frame& frame, Findings& findings) const {
    const Entry& entry = entries_[block];
    const std::uintptr_t state = entry.state.load(std::memory_order_acquire);
    if (state == kNotCounted) return false;
    if (state == kCounted) {
      Count(entry);
      return false;
    }
    if (RunCode(reinterpret_cast<NativeBlock>(state), entry.allow_count, frame, findings)) {
      if (++findings.native_runs % kRunsSampled == 0) CountRuns(entry);
      return true;
    }
    CountLeft(entry);
    return false;
  }

  // Runs `code` whether or not it is installed. `allow_count`: as for Install. False: it left the
  // call to the interpreter, and nothing was added.
  static bool RunCode(NativeBlock code, std::uint32_t allow_count, Frame& frame,
                      Findings& findings);

  // From now on `code` answers for the block. `owner` keeps it mapped; it is let go of with this.
  // `allow_count`: at least how many allow rules one run can note. REQUIRES: not installed yet.
  void Install(std::uint32_t block, NativeBlock code, std::uint32_t allow_count,
               std::shared_ptr<const void> owner);
  // So many calls that a block's code left to the interpreter are looked at together: if it did not
  // answer this many times as many meanwhile, it is given up.
  static constexpr std::uint32_t kLeftLookedAt = 1024;
  static constexpr std::uint32_t kAnsweredPerLeftMin = 8;

  // The block is the interpreter's for good.
  void GiveUp(std::uint32_t block);

  std::size_t block_count() const { return entries_.size(); }
  bool IsInstalled(std::uint32_t block) const;
  // Counted blocks with enough calls that are neither installed nor given up.
  std::vector<std::uint32_t> Wanted() const;

 private:
  // Values of Entry::state that are no address of code.
  static constexpr std::uintptr_t kNotCounted = 0;
  static constexpr std::uintptr_t kCounted = 1;
  // Answers are counted by so many, so that threads rarely write to what others read.
  static constexpr std::uint32_t kRunsSampled = 61;  // prime: calls come in turns

  struct Entry {
    mutable std::atomic<std::uintptr_t> state = kNotCounted;
    std::uint32_t allow_count = 0;  // written before `state` says that there is code
    // Calls of several threads may be counted as one: it only says that the block is hot.
    mutable std::atomic<std::uint32_t> calls = 0;
    mutable std::atomic<std::uint32_t> answered = 0;  // about, since `left` was 0
    mutable std::atomic<std::uint32_t> left = 0;
  };

  void Count(const Entry& entry) const;
  static void CountRuns(const Entry& entry);
  static void CountLeft(const Entry& entry);

  std::vector<Entry> entries_;
  std::uint32_t calls_wanted_;
  std::function<void()> wake_;
  std::vector<std::shared_ptr<const void>> owners_;  // of the thread that installs
};

}  // namespace policy

#endif  // RUNTIME_VM_NATIVE_CODE_H_
