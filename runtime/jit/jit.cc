#include "runtime/jit/jit.h"

#include <filesystem>
#include <numeric>
#include <system_error>
#include <vector>

#include "runtime/jit/block_shape.h"

namespace policy::jit {

CompileReport CompileAll(const std::shared_ptr<const Program>& program, const ObjectSource& source,
                         Linker& linker) {
  const std::uint32_t count = BlockCount(program->layout());
  const auto native =
      std::make_shared<NativeCode>(std::vector<bool>(count), /*calls_wanted=*/1, [] {});
  program->Attach(native);
  std::vector<std::uint32_t> blocks(count);
  std::iota(blocks.begin(), blocks.end(), 0u);
  return CompileBlocks(program, blocks, source, linker, *native);
}

std::string PathBeside(std::string_view name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : (self.parent_path() / name).string();
}

}  // namespace policy::jit
