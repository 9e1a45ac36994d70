// The decision program as bytes: a header and sections of flat records, all offsets relative,
// little-endian.
//
// Written by Encoder (encode.h), proven by Verify (verify.h), read in place by Program
// (include/policy/program.h). docs/program-format.md describes it for people. Nothing outside
// runtime/program reads these records but through Program's accessors.
#ifndef RUNTIME_PROGRAM_FORMAT_H_
#define RUNTIME_PROGRAM_FORMAT_H_

#include <array>
#include <cstdint>
#include <type_traits>

namespace policy::format {

inline constexpr std::array<char, 8> kMagic = {'P', 'O', 'L', 'I', 'C', 'Y', 'P', 'B'};
inline constexpr std::uint32_t kVersion = 3;
inline constexpr std::uint32_t kNone = 0xFFFFFFFF;

// Limits that Verify holds a file to; the compiler reports going over them as diagnostics.
inline constexpr std::uint32_t kProgramBytesMax = 64u << 20;
inline constexpr std::uint32_t kSlotsMax = 65'535;
inline constexpr std::uint32_t kMemoCellsMax = 65'535;   // cell 0 means none
inline constexpr std::uint32_t kDerivedMax = 30'000;     // with the slots at most kSlotsMax
inline constexpr std::uint32_t kDerivedDepthMax = 64;    // values of values of values
inline constexpr std::uint32_t kQuantifierDepthMax = 2;  // one within another
inline constexpr std::uint32_t kPinsMax = 100'000;
inline constexpr std::uint32_t kPathDepthMax = 32;
inline constexpr std::uint32_t kInstructionsMax = 2'000'000;
inline constexpr std::uint32_t kRulesMax = 200'000;
inline constexpr std::uint32_t kTextBytesMax = 64u << 10;  // one text; also a regular expression's
inline constexpr std::uint32_t kRegexesMax = 10'000;
inline constexpr std::uint32_t kScopesPerCounterMax = 8;
inline constexpr std::uint8_t kScaleMax = 9;
inline constexpr std::uint32_t kWindowSecondsMax = 100 * 366 * 86'400u;
inline constexpr std::uint32_t kLengthSecondsMax = 366 * 86'400u;  // of sliding windows and buckets

enum class SectionId : std::uint32_t {
  Strings,    // char: every text, addressed by Text
  Constants,  // Constant
  SetItems,   // u32: set members (constant ids of String or Number), and hash tables of string sets
  Slots,      // Slot
  PathNodes,  // PathNode; the first kRootCount are the roots, in the order of Root
  PathTable,  // u32: open addressing from (parent, key or element) to node, power-of-two size,
              // kNone where free; hashes in table_hash.h
  Code,       // Instruction
  Tools,      // Tool: tools that the policy names exactly
  ToolTable,  // u32: open addressing from name to tool, power-of-two size, kNone where free
  Patterns,   // Pattern, in policy order: blocks for tools that are not in Tools
  Rules,      // Rule
  Limits,     // Limit
  Counters,   // Counter
  Scopes,     // Scope
  IndexTables,   // IndexTable
  IndexEntries,  // IndexEntry
  Derived,       // Derived: values made of others; numbered after the slots
  Pins,          // Pin: tools of the lock, sorted by tool, then server, bytewise
  Count,
};
inline constexpr std::size_t kSectionCount = static_cast<std::size_t>(SectionId::Count);

struct Section {
  std::uint32_t offset = 0;  // bytes from the start of the file; 8-aligned
  std::uint32_t count = 0;   // records (bytes for Strings)
};

// A text in the Strings section.
struct Text {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

struct Header {
  std::array<char, 8> magic = kMagic;
  std::uint32_t version = kVersion;
  std::uint32_t header_bytes = 0;
  std::uint64_t file_bytes = 0;
  std::array<std::uint8_t, 32> checksum{};  // SHA-256 of the file with this field zero
  Text policy_name;                         // may be empty
  Text source_name;                         // the file that was compiled, as it was named
  Text zone;                                // IANA name
  std::uint8_t default_allows = 0;          // 1: a tool that no allow rule names is admitted
  std::uint8_t numbers_exact =
      0;  // 1: the server reads numbers exactly; InexactNumber within range is Number
  std::uint16_t memo_cells = 0;  // highest memo cell used
  std::uint32_t reserved = 0;
  std::array<Section, kSectionCount> sections{};
};

// Mirrors OperandKind; `a`, `b` by kind:
//   String, Regex: text.   Number: coefficient in wide, exponent.   Bool: flag 1.   Time, Duration:
//   wide. StringSet: a first item, b count in SetItems, table_first, table_size (0: none) in
//   SetItems. NumberSet: a, b. BoolSet: flag bit 0 has false, bit 1 has true.
struct Constant {
  std::uint8_t kind = 0;
  std::int8_t exponent = 0;
  std::uint8_t flag = 0;
  std::uint8_t reserved = 0;
  std::uint32_t a = 0;
  std::uint32_t b = 0;
  std::uint32_t table_first = 0;
  std::uint32_t table_size = 0;
  std::uint32_t reserved2 = 0;
  std::int64_t wide = 0;
};

// The places a path can start from. Context roots are filled from the call's context, Args from
// params.arguments.
enum class Root : std::uint32_t { Args, Tool, Grant, Claims, Client, Now, Session, Count };
inline constexpr std::size_t kRootCount = static_cast<std::size_t>(Root::Count);

// A node of the tree of paths that the program looks at. A child's parent stands before it.
struct PathNode {
  Text key;                      // member name (unescaped); empty for roots and list elements
  std::uint32_t parent = kNone;  // kNone for roots
  std::uint32_t index = kNone;   // list element number, kNone for members
  std::uint32_t slot =
      kNone;  // the slot that this path's value goes to, kNone where only its children matter
  std::uint32_t first_child = kNone;
  std::uint32_t next_sibling = kNone;
  std::uint32_t has_index_children = 0;  // 1: list elements below are asked for
};

struct Slot {
  std::uint32_t node = 0;
};

enum class DerivedKind : std::uint8_t { Literal, Applied, Compared, Element, Quantified };
enum class Quantifier : std::uint8_t { Any, All, Count };

// A value that is made when it is first asked for. Number `slot count + position`; wherever a
// record or an instruction names a slot to look at, it may name one of these. Operands have smaller
// numbers.
struct Derived {
  DerivedKind kind = DerivedKind::Literal;
  std::uint8_t operation =
      0;  // Applied: a Function; Compared: a Relation; Quantified: a Quantifier
  std::uint8_t reserved[2] = {};
  std::uint32_t first = kNone;     // Applied, Compared: operand; Quantified: the list
  std::uint32_t second = kNone;    // Applied of two, Compared: operand; Quantified: its Element.
                                   // Member: a Literal, the String that is the member's name
  std::uint32_t constant = kNone;  // Literal: a String, Number, Bool, Time or Duration
  // Quantified: its body is code [code, code_end), which ends with the only End in it, tests only
  // values below its own number, has no rule, and leaves its answer in r[0].
  std::uint32_t code = 0;
  std::uint32_t code_end = 0;
  // Quantified: the values from its Element up to `scope_end` are made anew for each element.
  // Element, scope_end and its own number stand in this order.
  std::uint32_t scope_end = 0;
  std::uint32_t reserved2 = 0;
};

// What the lock says of a tool, for conditions on `tool.annotations`, `tool.category` and
// `tool.risk`.
struct Pin {
  Text tool;
  Text server;
  Text annotations;  // raw JSON record, or empty
  Text category;     // or empty
  Text risk;         // or empty
};

struct Tool {
  Text name;
  std::uint32_t code =
      0;  // first instruction of its block: exact entries and every pattern that matches, fused
  std::uint32_t hidden = 0;  // 1: dropped from tools/list (its block denies it too)
};

struct Pattern {
  Text pattern;  // `*` matches any bytes, nothing else is special
  std::uint32_t code = 0;
  std::uint32_t hidden = 0;  // 1: a matching tool is dropped from tools/list
};

enum class RuleKind : std::uint8_t {
  Default,
  Hide,
  Deny,
  Require,
  Allow,
  Approve,
  CloseArguments,
  Limit
};

// Rule 0 is the default (`/default`).
struct Rule {
  RuleKind kind = RuleKind::Default;
  std::uint8_t reserved[3] = {};
  std::uint32_t line = 0;  // in the source file, from 1
  std::uint32_t column = 0;
  std::uint32_t order = 0;  // position in the policy: the smallest fired by true speaks first
  Text id;
  Text message;         // what the author wants the agent to read; may be empty
  Text approval_group;  // Approve: `from`; may be empty
  std::uint32_t approval_within_seconds = 0;  // Approve; 0: no term given
  std::uint32_t reserved2 = 0;
  Text file;  // where `line` is counted: the policy's own file or one that it includes
};

enum class CostKind : std::uint8_t { One, Amount, Length };
enum class OnError : std::uint8_t { Keep, Refund };
enum class OnStoreError : std::uint8_t { Deny, LocalShare, Allow };

// A charge on a counter whenever the tool is called.
struct Limit {
  std::uint32_t rule = 0;
  std::uint32_t counter = 0;
  std::int64_t max = 0;           // at the counter's scale
  CostKind cost = CostKind::One;  // One: 1 unit, that is 10^scale at the counter's scale
  OnError on_error = OnError::Keep;
  OnStoreError on_store_error = OnStoreError::Deny;
  std::uint8_t reserved = 0;
  std::uint32_t cost_slot = kNone;  // Amount, Length
  std::int64_t burst = 0;  // of a counter with Algorithm::Bucket: how much fits at once; else 0
};

enum class WindowKind : std::uint8_t { Seconds, Day, Week, Month, Lifetime };

// Sliding, Bucket: `window` is Seconds, `window_seconds` at most kLengthSecondsMax; limits of one
// bucket have one max and one burst. Concurrency: `window` is Lifetime.
enum class Algorithm : std::uint8_t { Fixed, Sliding, Bucket, Concurrency };

struct Counter {
  Text name;
  WindowKind window = WindowKind::Seconds;
  Algorithm algorithm = Algorithm::Fixed;
  std::uint8_t scale = 0;
  std::uint8_t reserved = 0;
  std::uint32_t window_seconds =
      0;  // Seconds: aligned to the epoch; others are calendar windows in the zone
  std::uint32_t first_scope = 0;
  std::uint32_t scope_count = 0;
};

enum class ScopeKind : std::uint8_t { Grant, Session, Tool, Server, Global, Slot };

// Slot: a key from an argument or a claim, the value of `slot`.
struct Scope {
  ScopeKind kind = ScopeKind::Grant;
  std::uint8_t reserved[3] = {};
  std::uint32_t slot = kNone;
};

// A switch over one slot's literals. `kind` is the OperandKind of its literals (String, Number or
// Bool).
struct IndexTable {
  std::uint32_t first_entry = 0;  // open addressing, power-of-two count
  std::uint32_t entry_count = 0;
  std::uint32_t kind = 0;
};

struct IndexEntry {
  std::uint32_t constant = kNone;  // kNone where free
  std::uint32_t target = 0;  // instruction, greater than that of every Index that uses the table
};

template <typename T>
inline constexpr bool kFlat =
    std::is_trivially_copyable_v<T> && std::is_standard_layout_v<T> && alignof(T) <= 8;
static_assert(kFlat<Header> && kFlat<Constant> && kFlat<PathNode> && kFlat<Rule> && kFlat<Limit> &&
                  kFlat<Counter> && kFlat<Derived> && kFlat<Pin>,
              "programs are read in place");

}  // namespace policy::format

#endif  // RUNTIME_PROGRAM_FORMAT_H_
