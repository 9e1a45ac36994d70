// What one call looks like to one program: the slots filled by the reader, and the interpreter's
// scratch.
#ifndef RUNTIME_PROGRAM_FRAME_H_
#define RUNTIME_PROGRAM_FRAME_H_

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "policy/program.h"
#include "runtime/program/text_arena.h"
#include "runtime/value/text_hash.h"
#include "runtime/value/value.h"

namespace policy {

// Holds the values of every slot of one Program, and what was made of them, for one call at a time.
// Reused from call to call: Clear touches only what was filled, and nothing allocates once the
// arenas have reached the size of the largest call. Not thread-safe: a frame a thread. Values refer
// to the request's bytes, which must outlive their use, and to the arenas.
class Frame {
 public:
  explicit Frame(std::shared_ptr<const Program> program);

  const Program& program() const { return *program_; }
  const std::shared_ptr<const Program>& program_pointer() const { return program_; }

  // Forgets the call. Every slot is Absent afterwards.
  void Clear();

  std::uint32_t slot_count() const { return slot_count_; }
  const Value& slot(std::uint32_t index) const { return values_[index]; }
  // The last Fill of a slot counts.
  void Fill(std::uint32_t index, const Value& value) {
    values_[index] = value;
    filled_.push_back(index);
  }

  // Derived values, by number; runtime/vm/derive.h makes them.
  bool IsMade(std::uint32_t number) const { return made_in_[number - slot_count_] == turn_; }
  // REQUIRES: IsMade(number).
  const Value& made(std::uint32_t number) const { return values_[number]; }
  void Make(std::uint32_t number, const Value& value);
  // Numbers `first` to `end`, which is not among them.
  void Forget(std::uint32_t first, std::uint32_t end);
  // Where functions make their texts; they stay until ForgetMade.
  TextRoom& made_texts() { return made_texts_; }
  bool ran_out_of_room() const { return made_texts_.ran_out(); }

  // Room for `bytes` bytes of unescaped text, valid until Clear; earlier rooms stay where they are.
  char* Reserve(std::size_t bytes) { return arena_.Reserve(bytes); }

  // The name of the call's tool, hashed once for every look-up of the decision.
  void set_tool(std::string_view tool) {
    tool_ = tool;
    tool_hash_ = HashBytes(tool);
  }
  std::string_view tool() const { return tool_; }
  std::uint64_t tool_hash() const { return tool_hash_; }

  // The raw text of the call's arguments object ("{}" when it has none).
  std::string_view arguments = "{}";

  // Memo cells of the interpreter: index 1..memo_cells. kMemoEmpty after ForgetMade.
  static constexpr std::uint8_t kMemoEmpty = 0xFF;
  std::uint8_t memo(std::uint16_t cell) const { return memo_[cell]; }
  void Remember(std::uint16_t cell, std::uint8_t truth) {
    memo_[cell] = truth;
    remembered_.push_back(cell);
  }
  // Forgets what was made of the slots: derived values and memo cells.
  void ForgetMade() {
    if (!remembered_.empty()) ForgetMemo();
    made_texts_.Clear();
    if (++turn_ == 0) ForgetTurns();
  }

 private:
  void ForgetMemo();
  void ForgetTurns();

  std::shared_ptr<const Program> program_;
  std::string_view tool_;
  std::uint64_t tool_hash_ = HashBytes({});  // of tool_
  std::uint32_t slot_count_ = 0;
  std::vector<Value> values_;  // of slots, then of derived values
  std::vector<std::uint32_t> filled_;
  std::vector<std::uint32_t> made_in_;  // by derived value: the turn that it was made in
  std::uint32_t turn_ = 1;              // counts ForgetMade
  std::vector<std::uint8_t> memo_;
  std::vector<std::uint16_t> remembered_;
  TextArena arena_;
  MadeTexts made_texts_;
};

}  // namespace policy

#endif  // RUNTIME_PROGRAM_FRAME_H_
