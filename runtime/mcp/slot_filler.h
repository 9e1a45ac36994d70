// From JSON values to the slots of a frame: what the program asks for at each place of a text.
#ifndef RUNTIME_MCP_SLOT_FILLER_H_
#define RUNTIME_MCP_SLOT_FILLER_H_

#include <cstdint>
#include <span>
#include <string_view>

#include "runtime/mcp/strict_json.h"
#include "runtime/program/frame.h"
#include "runtime/program/layout.h"

namespace policy::mcp {

// Follows a scan down the program's tree of paths. Nodes are those of the program; kNone where it
// asks for nothing, which every function takes.
class SlotFiller {
 public:
  // A null frame asks for nothing.
  explicit SlotFiller(Frame* frame)
      : frame_(frame), layout_(frame == nullptr ? nullptr : &frame->program().layout()) {
    if (layout_ != nullptr) nodes_ = layout_->path_nodes();
  }

  bool is_active() const { return frame_ != nullptr; }
  std::uint32_t RootNode(format::Root root) const {
    return frame_ == nullptr ? format::kNone : static_cast<std::uint32_t>(root);
  }

  bool HasChildren(std::uint32_t node) const {
    return node != format::kNone && nodes_[node].first_child != format::kNone;
  }
  std::uint32_t Member(std::uint32_t node, std::string_view key) const {
    return HasChildren(node) ? layout_->FindMember(node, key) : format::kNone;
  }
  // The same, for a record that refuses case variants: kNone with is_case_variant where `key` is
  // not asked for, but a key that is differs from it by letter case only.
  Layout::NamedChild Name(std::uint32_t node, const JsonKey& key) const {
    return HasChildren(node) ? layout_->FindName(node, key.text, key.hash) : Layout::NamedChild{};
  }
  std::uint32_t Element(std::uint32_t node, std::uint32_t index) {
    if (node == format::kNone || nodes_[node].has_index_children == 0) {
      return format::kNone;
    }
    const std::uint32_t element = layout_->FindElement(node, index);
    if (element != format::kNone) FillBelow(element, ValueKind::Absent);  // it is there after all
    return element;
  }

  // A value stands at `node`.
  void Scalar(std::uint32_t node, JsonKind kind, std::string_view raw) {
    if (node != format::kNone) FillScalar(node, kind, raw);
  }
  void Open(std::uint32_t node, bool is_record) {
    if (HasChildren(node)) OpenContainer(node, is_record);
  }
  void Close(std::uint32_t node, bool is_record, std::string_view raw) {
    if (node != format::kNone) FillContainer(node, is_record, raw);
  }

  // `text` stands at `node`, as it is.
  void String(std::uint32_t node, std::string_view text);
  void Number(std::uint32_t node, std::int64_t number);
  void Time(std::uint32_t node, std::int64_t nanoseconds);

  // Sets every slot at `node` and below it to `kind`, Absent or Broken.
  void FillBelow(std::uint32_t node, ValueKind kind);
  // Sets every slot below `node` to Broken.
  void BreakChildren(std::uint32_t node);

 private:
  void FillScalar(std::uint32_t node, JsonKind kind, std::string_view raw);
  void FillContainer(std::uint32_t node, bool is_record, std::string_view raw);
  void OpenContainer(std::uint32_t node, bool is_record);
  void Fill(std::uint32_t node, const Value& value) {
    const std::uint32_t slot = nodes_[node].slot;
    if (slot != format::kNone) frame_->Fill(slot, value);
  }
  Value ReadNumber(std::string_view raw) const;

  Frame* frame_;
  const Layout* layout_;
  std::span<const format::PathNode> nodes_;
};

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_SLOT_FILLER_H_
