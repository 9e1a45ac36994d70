// libpolicy_jit.so from policyd's side: loaded when it is asked for, and objects made callable by
// it.
#ifndef RUNTIME_JIT_LINKER_H_
#define RUNTIME_JIT_LINKER_H_

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "runtime/jit/linker_module.h"
#include "runtime/jit/perf_map.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {

struct LinkedBlock {
  NativeBlock code = nullptr;
  std::shared_ptr<const void> owner;  // the code is mapped as long as this lives
};

struct LinkerOptions {
  bool tells_debuggers = true;  // they need a copy of each object in memory
};

// Safe from any thread. The module stays loaded to the end of the process: to unload LLVM would
// save nothing that another reload does not need again.
class Linker : public std::enable_shared_from_this<Linker> {
 public:
  // `path`: of libpolicy_jit.so. The error is a sentence that names it.
  static std::expected<std::shared_ptr<Linker>, std::string> Open(const std::string& path,
                                                                  LinkerOptions options = {});
  ~Linker();
  Linker(const Linker&) = delete;  // owns the module's linker
  Linker& operator=(const Linker&) = delete;

  // Names the LLVM that it is made of.
  std::string_view build() const { return module_.build; }

  // What is linked from now on is noted in `map`. REQUIRES: no other thread links yet.
  void NoteIn(std::unique_ptr<PerfMap> map) { perf_map_ = std::move(map); }

  // `object`: of a CodeGenerator. `label`: its name in debuggers and profiles, such as the tool's.
  // Refused: an object that refers to anything but Callbacks().
  std::expected<LinkedBlock, std::string> Link(std::string_view object, std::string_view label);

 private:
  Linker(const PolicyJitLinker& module, void* linker, LinkerOptions options)
      : module_(module), linker_(linker), options_(options) {}

  const PolicyJitLinker& module_;
  void* linker_;
  const LinkerOptions options_;
  std::unique_ptr<PerfMap> perf_map_;  // null: none is wanted
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_LINKER_H_
