#include "runtime/jit/linker.h"

#include <dlfcn.h>

#include <array>

#include "runtime/jit/block_symbol.h"
#include "runtime/jit/callbacks.h"

namespace policy::jit {
namespace {

constexpr std::size_t kReasonBytesMax = 512;

}  // namespace

std::expected<std::shared_ptr<Linker>, std::string> Linker::Open(const std::string& path,
                                                                 LinkerOptions options) {
  void* const library = ::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::unexpected(std::string(::dlerror()));
  const auto entry =
      reinterpret_cast<decltype(&policy_jit_linker)>(::dlsym(library, kPolicyJitEntry));
  if (entry == nullptr) return std::unexpected(path + ": it is no linker of policyd");
  const PolicyJitLinker& module = *entry();
  if (module.version != kPolicyJitVersion) {
    return std::unexpected(path + ": it belongs to another version of policyd");
  }
  std::array<PolicyJitSymbol, kCallbackCount> symbols;
  const auto callbacks = Callbacks();
  for (std::size_t i = 0; i < kCallbackCount; ++i) {
    symbols[i] = {callbacks[i].name, callbacks[i].address};
  }
  std::array<char, kReasonBytesMax> why{};
  void* const linker = module.open(symbols.data(), symbols.size(), {why.data(), why.size()});
  if (linker == nullptr) return std::unexpected(path + ": " + why.data());
  return std::shared_ptr<Linker>(new Linker(module, linker, options));
}

Linker::~Linker() { module_.close(linker_); }

std::expected<LinkedBlock, std::string> Linker::Link(std::string_view object,
                                                     std::string_view label) {
  std::array<char, kReasonBytesMax> why{};
  const std::string name = "policy:" + std::string(label);
  const bool is_named = options_.tells_debuggers || perf_map_ != nullptr;
  const PolicyJitObject described = {.function = kBlockSymbol,
                                     .label = is_named ? name.c_str() : nullptr,
                                     .bytes = object.data(),
                                     .size = object.size()};
  PolicyJitCode code{};
  void* const linked = module_.link(linker_, &described, &code, {why.data(), why.size()});
  if (linked == nullptr) return std::unexpected(std::string(why.data()));
  if (perf_map_ != nullptr) perf_map_->Add(code.entry, code.bytes, name);
  LinkedBlock block;
  block.code = reinterpret_cast<NativeBlock>(reinterpret_cast<std::uintptr_t>(code.entry));
  block.owner = std::shared_ptr<const void>(linked, [self = shared_from_this()](void* mapped) {
    self->module_.unlink(self->linker_, mapped);
  });
  return block;
}

}  // namespace policy::jit
