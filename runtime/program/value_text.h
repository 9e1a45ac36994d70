// Slots and derived values as authors write them, for messages and dumps.
#ifndef RUNTIME_PROGRAM_VALUE_TEXT_H_
#define RUNTIME_PROGRAM_VALUE_TEXT_H_

#include <cstdint>
#include <span>
#include <string>

#include "runtime/program/instruction.h"
#include "runtime/program/layout.h"

namespace policy {

// Which element of its list a quantifier's variable stands for.
struct BoundElement {
  std::uint32_t element = 0;  // number of the Element
  std::uint32_t list = 0;     // number of the list
  std::size_t index = 0;
};

// Appends "args.items[0].id", whole and unescaped: part of what counters are known by.
void AppendSlotPath(const Layout& layout, std::uint32_t slot, std::string& text);

// "args.items[0].id", "domain(args.to)", "count r in args.to: domain(r) == \"x.org\"". Variables
// are named r and, within, s; but those in `bound` by their element: "domain(args.to[2])". What is
// very long is cut.
std::string ValueText(const Layout& layout, std::uint32_t number,
                      std::span<const BoundElement> bound = {});

// "args.amount > 100", "not (args.a under args.b)": what a Test instruction asks, its default for
// an absent value left out.
std::string TestText(const Layout& layout, const Instruction& test);

}  // namespace policy

#endif  // RUNTIME_PROGRAM_VALUE_TEXT_H_
