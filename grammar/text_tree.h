// The tree of one file in the text form: what its grammar matched, and where.
//
// Nodes stand in one vector in the order of the text, each followed by all that is below it, so the
// tree costs no allocation a node and is walked front to back.
#ifndef GRAMMAR_TEXT_TREE_H_
#define GRAMMAR_TEXT_TREE_H_

#include <cstdint>
#include <string_view>
#include <vector>

#include "policy/source.h"

namespace policy {

enum class TextKind : std::uint8_t {
#define TEXT_NODE(rule) rule,
#include "grammar/text_nodes.def"
};

struct TextNode {
  TextKind kind{};
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  std::uint32_t size = 1;  // nodes of the subtree, itself among them
};

struct TextTree {
  const Source* source = nullptr;  // not owned
  std::uint16_t file = 0;          // its number: Span::file
  std::vector<TextNode> nodes;     // statements of the file one behind the other
};

// One node. Cheap to copy; the tree outlives it.
class TextView {
 public:
  // The nodes below another, or the statements of a file, in order.
  class Iterator {
   public:
    Iterator(const TextTree& tree, std::size_t at) : tree_(&tree), at_(at) {}
    TextView operator*() const { return {*tree_, at_}; }
    Iterator& operator++() {
      at_ += tree_->nodes[at_].size;
      return *this;
    }
    friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

   private:
    const TextTree* tree_;
    std::size_t at_;
  };
  struct Range {
    Iterator first;
    Iterator last;
    Iterator begin() const { return first; }
    Iterator end() const { return last; }
  };

  TextView(const TextTree& tree, std::size_t index) : tree_(&tree), index_(index) {}

  static Range Statements(const TextTree& tree) {
    return {Iterator(tree, 0), Iterator(tree, tree.nodes.size())};
  }

  TextKind kind() const { return node().kind; }
  Span span() const { return {node().begin, node().end, tree_->file}; }
  std::string_view text() const {
    return tree_->source->text().substr(node().begin, node().end - node().begin);
  }
  Range children() const {
    return {Iterator(*tree_, index_ + 1), Iterator(*tree_, index_ + node().size)};
  }
  bool has_children() const { return node().size > 1; }
  bool has_one_child() const {
    return node().size > 1 && tree_->nodes[index_ + 1].size + 1 == node().size;
  }
  // REQUIRES: has_children().
  TextView first_child() const { return {*tree_, index_ + 1}; }

 private:
  const TextNode& node() const { return tree_->nodes[index_]; }

  const TextTree* tree_;
  std::size_t index_;
};

}  // namespace policy

#endif  // GRAMMAR_TEXT_TREE_H_
