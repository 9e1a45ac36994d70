// Calls made up for a block: values that its tests tell apart.
#ifndef RUNTIME_JIT_CALL_MAKER_H_
#define RUNTIME_JIT_CALL_MAKER_H_

#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/jit/block_shape.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"
#include "runtime/value/value.h"

namespace policy::jit {

// Owns the texts of the values it makes, so it outlives the frames it filled. Equal blocks get
// equal calls.
class CallMaker {
 public:
  CallMaker(const Layout& layout, const BlockShape& shape);

  // Clears `frame`, one of the layout's program, and fills what the block looks at. Half of the
  // calls have what the block expects in all slots or in all but one.
  void Fill(Frame& frame);

 private:
  // What a slot may hold: literals and their neighbours, and what any slot may hold.
  struct Choices {
    std::vector<Value> usual;  // of the kind that is compared, no longer than literals
    std::vector<Value> near;
    std::vector<Value> any;
  };

  // `made`: what is made of the value, where it is not itself compared.
  void LookAt(std::uint32_t number, const Operand* compared, const format::Derived* made = nullptr);
  void LookAtInstruction(const Instruction& instruction);
  void AddNear(Choices& choices, const Operand& operand);
  // What `made` understands.
  void AddUsual(Choices& choices, const format::Derived& made, const Operand* compared);
  void AddText(Choices& choices, std::string_view text);
  void AddNumber(Choices& choices, Decimal number);
  void AddAny(Choices& choices);
  Value Text(std::string text);
  Value Raw(ValueKind kind, std::string text);
  std::size_t Pick(std::size_t count);

  const Layout& layout_;
  std::map<std::uint32_t, Choices> choices_;  // by slot
  std::vector<bool> seen_;                    // derived values
  std::deque<std::string> texts_;
  // The same calls every time.
  std::mt19937_64 random_{1};  // NOLINT(cert-msc51-cpp)
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_CALL_MAKER_H_
