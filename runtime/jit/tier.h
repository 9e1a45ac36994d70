// Machine code for the blocks that are worth it, made in the background while the interpreter
// decides.
#ifndef RUNTIME_JIT_TIER_H_
#define RUNTIME_JIT_TIER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "policy/program.h"
#include "runtime/jit/codegen_process.h"
#include "runtime/jit/compile.h"
#include "runtime/jit/linker.h"
#include "runtime/jit/object_cache.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {

enum class TierMode : std::uint8_t {
  Auto,    // blocks that are hot and dense (cost_model.h)
  Always,  // every block, at once
  Given,   // what is in `given`, and nothing is compiled
};

struct TierOptions {
  TierMode mode = TierMode::Auto;
  std::string module_path;      // libpolicy_jit.so
  std::string codegen_path;     // policyd-codegen
  std::string cache_directory;  // made where missing; empty: objects are not kept
  // The bytes of a native file, for the program that it was made of; may be empty.
  std::string given;
  std::string perf_map_path;  // where perf finds the names of code; empty: it is not told
  bool tells_debuggers = false;
  // Told a sentence for the log, from the tier's thread.
  std::function<void(std::string_view)> say = [](std::string_view) {};
};

struct TierCounts {
  std::uint64_t installed = 0;     // blocks
  std::uint64_t from_cache = 0;    // objects that need not be made anew
  std::uint64_t not_compiled = 0;  // too large, refused, or the process failed
  std::uint64_t left = 0;          // would leave every call to the interpreter
  std::uint64_t disagreed = 0;     // with the interpreter
};

// As a sentence for the log.
std::string ToText(const TierCounts& counts);

// LLVM is loaded when the first block is compiled, not before. Destroying it ends what is under
// way; code that is installed stays with its programs.
//
// Thread safety: Take and counts from any thread.
class Tier {
 public:
  explicit Tier(TierOptions options);
  Tier(const Tier&) = delete;  // its thread refers to it
  Tier& operator=(const Tier&) = delete;
  ~Tier();

  // From now on the program's calls are counted, or in mode Always all of it is compiled. Returns
  // at once. A program is given once.
  void Take(std::shared_ptr<const Program> program);

  TierCounts counts() const;

 private:
  // Counts up whenever there is something to look at. Outlives the tier where calls still count.
  using Signal = std::atomic<std::uint32_t>;

  struct Taken {
    std::weak_ptr<const Program> program;
    std::weak_ptr<NativeCode> native;
  };

  void Work();
  void Wake() const;
  void TakeNew();
  void Attach(const std::shared_ptr<const Program>& program);
  // Installs what was given for the program; says why not.
  void InstallGiven(const std::shared_ptr<const Program>& program, NativeCode& native);
  void CompileWanted();
  void Compile(const std::shared_ptr<const Program>& program, NativeCode& native,
               std::span<const std::uint32_t> blocks);
  void Note(const CompileReport& report);
  // Whether there is a linker, now or before; says once why not.
  bool HasLinker();
  void NoteForPerf();
  std::expected<std::vector<BlockObject>, std::string> FindOrMake(
      const Program& program, std::span<const std::uint32_t> blocks);

  const TierOptions options_;
  const std::shared_ptr<Signal> signal_ = std::make_shared<Signal>(0);
  std::atomic<bool> is_over_ = false;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<const Program>> new_;
  TierCounts counts_;

  // Of the thread.
  std::vector<Taken> taken_;
  CodegenProcess codegen_;
  std::shared_ptr<Linker> linker_;
  std::unique_ptr<ObjectCache> cache_;
  bool has_tried_linker_ = false;

  std::thread worker_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_TIER_H_
