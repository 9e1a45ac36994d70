// What GDB finds: read as its manual says, from the symbols that it looks for.
#include <dlfcn.h>
#include <elf.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <set>
#include <span>

#include "tests/unit/jit/compiled_program.h"

namespace policy::jit {
namespace {

constexpr const char* kPolicy =
    "default deny\ntool t { allow when args.a == \"x\" and args.b > 5 }\ntool u { allow }\n";

struct Entry {
  const Entry* next;
  const Entry* previous;
  const char* object;
  std::uint64_t size;
};

struct Descriptor {
  std::uint32_t version;
  std::uint32_t action;
  const Entry* relevant;
  const Entry* first;
};

const Descriptor& TheDescriptor() {
  void* const module =
      ::dlopen(PathBeside("libpolicy_jit.so").c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD);
  REQUIRE(module != nullptr);
  REQUIRE(::dlsym(module, "__jit_debug_register_code") != nullptr);
  const void* const found = ::dlsym(module, "__jit_debug_descriptor");
  ::dlclose(module);
  REQUIRE(found != nullptr);
  return *static_cast<const Descriptor*>(found);
}

template <typename T>
T At(const Entry& entry, std::uint64_t offset) {
  REQUIRE(offset + sizeof(T) <= entry.size);
  T part;
  std::memcpy(&part, entry.object + offset, sizeof(T));
  return part;
}

using NamedCode = std::pair<std::string, std::uintptr_t>;

// The functions of one object, with their addresses.
std::set<NamedCode> FunctionsOf(const Entry& entry) {
  std::set<NamedCode> functions;
  const auto head = At<Elf64_Ehdr>(entry, 0);
  REQUIRE(std::memcmp(head.e_ident, ELFMAG, SELFMAG) == 0);
  const auto section = [&](std::uint64_t i) {
    return At<Elf64_Shdr>(entry, head.e_shoff + i * sizeof(Elf64_Shdr));
  };
  for (std::uint64_t i = 0; i < head.e_shnum; ++i) {
    const Elf64_Shdr table = section(i);
    if (table.sh_type != SHT_SYMTAB) continue;
    const Elf64_Shdr names = section(table.sh_link);
    for (std::uint64_t at = 0; at < table.sh_size; at += sizeof(Elf64_Sym)) {
      const auto symbol = At<Elf64_Sym>(entry, table.sh_offset + at);
      if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC) continue;
      REQUIRE(symbol.st_name < names.sh_size);
      REQUIRE(symbol.st_size > 0);
      const Elf64_Shdr home = section(symbol.st_shndx);
      REQUIRE((home.sh_flags & SHF_ALLOC) != 0);
      functions.emplace(entry.object + names.sh_offset + symbol.st_name,
                        home.sh_addr + symbol.st_value);
    }
  }
  return functions;
}

std::set<NamedCode> AllFunctions() {
  std::set<NamedCode> all;
  const Entry* previous = nullptr;
  for (const Entry* each = TheDescriptor().first; each != nullptr; each = each->next) {
    REQUIRE(each->previous == previous);
    previous = each;
    all.merge(FunctionsOf(*each));
  }
  return all;
}

NamedCode Named(const std::string& name, const LinkedBlock& block) {
  return {name, reinterpret_cast<std::uintptr_t>(block.code)};
}

TEST_CASE("a debugger finds each tool's code by its name until the code is unmapped") {
  const auto linker = TestLinker();
  const auto program = ProgramOf(kPolicy);
  REQUIRE(TheDescriptor().version == 1);
  const std::set<NamedCode> before = AllFunctions();
  auto t = linker->Link(ObjectOf(*program, 0), "t");
  auto u = linker->Link(ObjectOf(*program, 1), "u");
  REQUIRE(t.has_value());
  REQUIRE(u.has_value());
  std::set<NamedCode> both = before;
  both.insert({Named("policy:t", *t), Named("policy:u", *u)});
  REQUIRE(AllFunctions() == both);

  const NamedCode gone = Named("policy:t", *t);
  t->owner.reset();
  both.erase(gone);
  REQUIRE(AllFunctions() == both);
  u->owner.reset();
  REQUIRE(AllFunctions() == before);
}

TEST_CASE("a debugger reads the code as it was made") {
  const auto linker = TestLinker();
  const auto program = ProgramOf("default deny\ntool u { allow }\n");
  const auto linked = linker->Link(ObjectOf(*program, 0), "u");
  REQUIRE(linked.has_value());
  const Entry* const entry = TheDescriptor().first;
  REQUIRE(entry != nullptr);
  const auto head = At<Elf64_Ehdr>(*entry, 0);
  const auto code = reinterpret_cast<std::uintptr_t>(linked->code);
  int found = 0;
  for (std::uint64_t i = 0; i < head.e_shnum; ++i) {
    const auto section = At<Elf64_Shdr>(*entry, head.e_shoff + i * sizeof(Elf64_Shdr));
    if ((section.sh_flags & SHF_ALLOC) == 0) continue;
    ++found;
    REQUIRE(section.sh_addr == code);
    REQUIRE(section.sh_offset + section.sh_size <= entry->size);
    const auto* const mapped = reinterpret_cast<const char*>(code);
    REQUIRE(std::memcmp(entry->object + section.sh_offset, mapped, section.sh_size) == 0);
  }
  REQUIRE(found == 1);
}

}  // namespace
}  // namespace policy::jit
