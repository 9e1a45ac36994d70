#include "runtime/limits/large_memory.h"

#include <sys/mman.h>

#include <new>

namespace policy {
namespace {

constexpr std::size_t kCacheLineBytes = 64;

std::size_t AlignmentFor(std::size_t bytes) {
  return bytes >= kHugePageBytes ? kHugePageBytes : kCacheLineBytes;
}

std::byte* Allocate(std::size_t bytes) {
  auto* memory = new (std::align_val_t{AlignmentFor(bytes)}) std::byte[bytes];
  // Whether the kernel follows is its business: nothing depends on it but speed.
  if (bytes >= kHugePageBytes) madvise(memory, bytes, MADV_HUGEPAGE);
  return memory;
}

}  // namespace

LargeMemory::LargeMemory(std::size_t bytes)
    : memory_(Allocate(bytes), Free{.alignment = AlignmentFor(bytes)}) {}

void LargeMemory::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, std::align_val_t{alignment});
}

}  // namespace policy
