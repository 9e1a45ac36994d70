#include "runtime/jit/jit.h"

#include <filesystem>
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
  return CompileBlocks(program, AllBlocks(program->layout()), source, linker, *native);
}

std::string PathBeside(std::string_view name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::string() : (self.parent_path() / name).string();
}

}  // namespace policy::jit
