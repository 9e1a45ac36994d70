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
  struct Place {
    bool refuses_case_variants;
    bool is_top;
    std::uint32_t node;
  };

  enum class Top : std::uint8_t { Scalar, List, Record };

  ValueVisitor(StrictJson& json, Frame* frame) : json_(json), filler_(frame) {}

  Place Member(const Place& record, std::string_view key) {
    const std::uint32_t node = filler_.Member(record.node, key);
    if (node == format::kNone && record.refuses_case_variants && !json_.is_refused() &&
        filler_.IsCaseVariant(record.node, key)) {
      json_.Refuse("argument " + Quoted(key) +
                   " differs from a name of the policy by letter case only");
    }
    return {record.refuses_case_variants, false, node};
  }
  Place Element(const Place& list, std::uint32_t index) {
    return {list.refuses_case_variants, false, filler_.Element(list.node, index)};
  }
  void Scalar(const Place& place, JsonScalar scalar) { filler_.Scalar(place.node, scalar); }
  void Open(Place& place, bool is_record) {
    filler_.Open(place.node, is_record);
    if (place.is_top) top_ = is_record ? Top::Record : Top::List;
  }
  void Close(const Place& place, bool is_record, std::string_view raw) {
    filler_.Close(place.node, is_record, raw);
  }

  Top top() const { return top_; }

 private:
  StrictJson& json_;
  SlotFiller filler_;
  Top top_ = Top::Scalar;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_VALUE_READER_H_
