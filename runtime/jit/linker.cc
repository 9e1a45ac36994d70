#include "runtime/jit/linker.h"

#include <dlfcn.h>

#include <array>

#include "runtime/jit/block_symbol.h"
#include "runtime/jit/callbacks.h"

namespace policy::jit {
namespace {

constexpr std::size_t kReasonBytesMax = 512;

}  // namespace

std::expected<std::shared_ptr<Linker>, std::string> Linker::Open(const std::string& path) {
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
  return std::shared_ptr<Linker>(new Linker(module, linker));
}

Linker::~Linker() { module_.close(linker_); }

std::expected<LinkedBlock, std::string> Linker::Link(std::string_view object) {
  std::array<char, kReasonBytesMax> why{};
  const void* entry = nullptr;
  void* const linked = module_.link(linker_, kBlockSymbol, object.data(), object.size(), &entry,
                                    {why.data(), why.size()});
  if (linked == nullptr) return std::unexpected(std::string(why.data()));
  LinkedBlock block;
  block.code = reinterpret_cast<NativeBlock>(reinterpret_cast<std::uintptr_t>(entry));
  block.owner = std::shared_ptr<const void>(linked, [self = shared_from_this()](void* code) {
    self->module_.unlink(self->linker_, code);
  });
  return block;
}

}  // namespace policy::jit
