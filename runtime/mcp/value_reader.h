// One JSON value read strictly into the slots at and below a node of the program's paths.
#ifndef RUNTIME_MCP_VALUE_READER_H_
#define RUNTIME_MCP_VALUE_READER_H_

#include <cstdint>
#include <string_view>

#include "runtime/mcp/slot_filler.h"
#include "runtime/mcp/strict_json.h"

namespace policy::mcp {

// The visitor of a scan over one value.
class ValueVisitor {
 public:
  // In one word: a scan copies many.
  class Place {
   public:
    Place() = default;
    Place(bool refuses_case_variants, bool is_top, std::uint32_t node)
        : bits_(std::uint64_t{node} << 32 | (is_top ? 2u : 0u) |
                (refuses_case_variants ? 1u : 0u)) {}

    bool refuses_case_variants() const { return (bits_ & 1) != 0; }
    bool is_top() const { return (bits_ & 2) != 0; }
    std::uint32_t node() const { return static_cast<std::uint32_t>(bits_ >> 32); }

   private:
    std::uint64_t bits_;
  };

  enum class Top : std::uint8_t { Scalar, List, Record };

  ValueVisitor(StrictJson& json, Frame* frame) : json_(json), filler_(frame) {}

  Place Member(const Place& record, const JsonKey& key) {
    if (!record.refuses_case_variants()) {
      return {false, false, filler_.Member(record.node(), key.text)};
    }
    const Layout::NamedChild child = filler_.Name(record.node(), key);
    if (child.is_case_variant && !json_.is_refused()) {
      json_.Refuse("argument " + Quoted(key.text) +
                   " differs from a name of the policy by letter case only");
    }
    return {true, false, child.node};
  }
  Place Element(const Place& list, std::uint32_t index) {
    return {list.refuses_case_variants(), false, filler_.Element(list.node(), index)};
  }
  void Scalar(const Place& place, JsonKind kind, std::string_view raw) {
    filler_.Scalar(place.node(), kind, raw);
  }
  void Open(Place& place, bool is_record) {
    filler_.Open(place.node(), is_record);
    if (place.is_top()) top_ = is_record ? Top::Record : Top::List;
  }
  void Close(const Place& place, bool is_record, std::string_view raw) {
    filler_.Close(place.node(), is_record, raw);
  }

  Top top() const { return top_; }

 private:
  StrictJson& json_;
  SlotFiller filler_;
  Top top_ = Top::Scalar;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_VALUE_READER_H_
