#include "runtime/jit/native_layout.h"

#include <fmt/format.h>

#include <cstddef>

#include "runtime/program/format.h"
#include "runtime/value/value.h"
#include "runtime/vm/findings.h"
#include "runtime/vm/native_code.h"

namespace policy::jit {
namespace {

// Objects are made for any machine of this kind, and not for the one at hand.
#if defined(__x86_64__)
constexpr const char* kMachine = "x86-64";
#else
constexpr const char* kMachine = "aarch64";
#endif

// Raised when a callback, or what code does with its answer, changes.
constexpr int kCallbackVersion = 2;

}  // namespace

std::string NativeLayout() {
  return fmt::format(
      "{} callbacks {} format {} value {} {} {} {} {} {} {} found {} {} {} call {} {} {} {}",
      kMachine, kCallbackVersion, format::kVersion, sizeof(Value), offsetof(Value, kind),
      offsetof(Value, boolean), offsetof(Value, exponent), offsetof(Value, length),
      offsetof(Value, data), offsetof(Value, coefficient), sizeof(FoundRule),
      offsetof(FoundRule, rule), offsetof(FoundRule, truth), offsetof(NativeCall, slots),
      offsetof(NativeCall, allows), offsetof(NativeCall, powers), offsetof(NativeCall, left));
}

}  // namespace policy::jit
