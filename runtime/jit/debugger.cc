#include "runtime/jit/debugger.h"

#include <llvm/Object/ELF.h>
#include <llvm/Object/ELFTypes.h>

#include <cstdint>
#include <mutex>
#include <utility>

// NOLINTBEGIN(bugprone-reserved-identifier): GDB looks for these.
struct jit_code_entry {
  jit_code_entry* next_entry;
  jit_code_entry* prev_entry;
  const char* symfile_addr;
  std::uint64_t symfile_size;
};

extern "C" {

struct jit_descriptor {
  std::uint32_t version;
  std::uint32_t action_flag;
  jit_code_entry* relevant_entry;
  jit_code_entry* first_entry;
};

extern jit_descriptor __jit_debug_descriptor;
__attribute__((visibility("protected"))) jit_descriptor __jit_debug_descriptor = {
    .version = 1, .action_flag = 0, .relevant_entry = nullptr, .first_entry = nullptr};

// A debugger stops here and reads the descriptor.
void __jit_debug_register_code();
__attribute__((visibility("protected"), noinline)) void __jit_debug_register_code() {
  asm volatile("" ::: "memory");
}

}  // extern "C"

namespace policy::jit {
namespace {

using Elf = llvm::object::ELF64LE;

constexpr std::uint32_t kRegister = 1;
constexpr std::uint32_t kUnregister = 2;

// Of the descriptor.
std::mutex& DescriptorMutex() {
  static std::mutex mutex;
  return mutex;
}

void TellDebugger(std::uint32_t action, jit_code_entry& entry) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = &entry;
  __jit_debug_register_code();
  __jit_debug_descriptor.relevant_entry = nullptr;
}
// NOLINTEND(bugprone-reserved-identifier)

// A function that an object defines, in the object's bytes.
struct Function {
  const Elf::Sym* symbol = nullptr;
  const Elf::Shdr* section = nullptr;  // where it stands
  const Elf::Shdr* names = nullptr;    // where its name stands
  llvm::StringRef all_names;
};

llvm::Expected<Function> Find(const llvm::object::ELFFile<Elf>& file, llvm::StringRef name) {
  auto sections = file.sections();
  if (!sections) return sections.takeError();
  for (const Elf::Shdr& table : *sections) {
    if (table.sh_type != llvm::ELF::SHT_SYMTAB) continue;
    auto symbols = file.symbols(&table);
    if (!symbols) return symbols.takeError();
    auto all_names = file.getStringTableForSymtab(table, *sections);
    if (!all_names) return all_names.takeError();
    for (const Elf::Sym& symbol : *symbols) {
      auto its_name = symbol.getName(*all_names);
      if (!its_name) return its_name.takeError();
      if (*its_name != name || symbol.st_shndx >= sections->size()) continue;
      return Function{.symbol = &symbol,
                      .section = &(*sections)[symbol.st_shndx],
                      .names = &(*sections)[table.sh_link],
                      .all_names = *all_names};
    }
  }
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "the object does not define `" + name + "`");
}

// The part of `bytes` that `part` is in `of`.
template <typename T>
T& Same(std::string& bytes, llvm::StringRef of, const T& part) {
  return *reinterpret_cast<T*>(bytes.data() + (reinterpret_cast<const char*>(&part) - of.data()));
}

}  // namespace

llvm::Expected<std::unique_ptr<DebuggerEntry>> DebuggerEntry::Make(const PolicyJitObject& object,
                                                                   const void* code) {
  const llvm::StringRef bytes(object.bytes, object.size);
  auto file = llvm::object::ELFFile<Elf>::create(bytes);
  if (!file) return file.takeError();
  auto sections = file->sections();
  if (!sections) return sections.takeError();
  auto function = Find(*file, object.function);
  if (!function) return function.takeError();

  // The names move behind the rest, where there is room for one more.
  std::string copy = bytes.str();
  copy += function->all_names;
  copy += object.label;
  copy += '\0';
  Elf::Shdr& names = Same(copy, bytes, *function->names);
  names.sh_offset = bytes.size();
  names.sh_size = copy.size() - bytes.size();
  Same(copy, bytes, *function->symbol).st_name =
      static_cast<std::uint32_t>(function->all_names.size());

  // What has no address of its own here is not in memory, as far as a debugger is concerned.
  for (const Elf::Shdr& section : *sections) {
    Elf::Shdr& same = Same(copy, bytes, section);
    same.sh_flags = same.sh_flags & ~std::uint64_t{llvm::ELF::SHF_ALLOC};
  }
  Elf::Shdr& section = Same(copy, bytes, *function->section);
  section.sh_flags = section.sh_flags | llvm::ELF::SHF_ALLOC;
  section.sh_addr = reinterpret_cast<std::uintptr_t>(code) - function->symbol->st_value;
  return std::unique_ptr<DebuggerEntry>(
      new DebuggerEntry(std::move(copy), function->symbol->st_size));
}

DebuggerEntry::DebuggerEntry(std::string object, std::size_t code_bytes)
    : object_(std::move(object)),
      code_bytes_(code_bytes),
      entry_(new jit_code_entry{.next_entry = nullptr,
                                .prev_entry = nullptr,
                                .symfile_addr = object_.data(),
                                .symfile_size = object_.size()}) {
  const std::lock_guard lock(DescriptorMutex());
  entry_->next_entry = __jit_debug_descriptor.first_entry;
  if (entry_->next_entry != nullptr) entry_->next_entry->prev_entry = entry_.get();
  __jit_debug_descriptor.first_entry = entry_.get();
  TellDebugger(kRegister, *entry_);
}

DebuggerEntry::~DebuggerEntry() {
  const std::lock_guard lock(DescriptorMutex());
  if (entry_->next_entry != nullptr) entry_->next_entry->prev_entry = entry_->prev_entry;
  jit_code_entry*& before = entry_->prev_entry != nullptr ? entry_->prev_entry->next_entry
                                                          : __jit_debug_descriptor.first_entry;
  before = entry_->next_entry;
  TellDebugger(kUnregister, *entry_);
}

}  // namespace policy::jit
