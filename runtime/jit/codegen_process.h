// policyd-codegen from the side that starts it.
#ifndef RUNTIME_JIT_CODEGEN_PROCESS_H_
#define RUNTIME_JIT_CODEGEN_PROCESS_H_

#include <cstdint>
#include <expected>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/jit/object_source.h"

namespace policy::jit {

// One process for each request: it gets the program in sealed memory, and its answer is sealed
// before it is read. A process that ends otherwise than it should costs its blocks the machine code
// and nothing else.
//
// Thread safety: Stop from any thread; Ask and Print from one.
class CodegenProcess {
 public:
  // `path`: of policyd-codegen.
  explicit CodegenProcess(std::string path);
  CodegenProcess(const CodegenProcess&) = delete;  // whoever stops it refers to it
  CodegenProcess& operator=(const CodegenProcess&) = delete;

  // As an ObjectSource. A request whose process failed is made again for each block alone, so that
  // one block cannot spoil the others.
  std::expected<std::vector<BlockObject>, std::string> Ask(const Program& program,
                                                           std::span<const std::uint32_t> blocks);
  // The LLVM IR of each block, as text.
  std::expected<std::vector<BlockObject>, std::string> Print(const Program& program,
                                                             std::span<const std::uint32_t> blocks);

  // Ends the process that runs, and no other is started.
  void Stop();

 private:
  std::expected<std::vector<BlockObject>, std::string> AskEach(
      const Program& program, std::span<const std::uint32_t> blocks, const char* argument);
  // Why there is no answer. `is_final`: nor would there be one to another request.
  struct Failure {
    std::string why;
    bool is_final = false;
  };
  std::expected<std::vector<BlockObject>, Failure> AskOnce(const Program& program,
                                                           std::span<const std::uint32_t> blocks,
                                                           const char* argument);
  // Runs the program to its end; fails where it did not end well.
  std::expected<void, Failure> Run(int request, int answer, const char* argument);
  // The descriptor of the process that was started; -1: it has ended, and was waited for.
  std::expected<int, std::string> Start(int request, int answer, const char* argument);

  std::string path_;
  std::mutex mutex_;
  bool is_stopped_ = false;
  int running_ = -1;  // a descriptor of the process, while there is one
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CODEGEN_PROCESS_H_
