// The slots that a call fills beside its arguments, and arguments that come without a message.
#include <algorithm>
#include <optional>
#include <string>

#include "runtime/mcp/message.h"
#include "runtime/mcp/slot_filler.h"
#include "runtime/mcp/strict_json.h"
#include "runtime/mcp/value_reader.h"
#include "runtime/value/civil_time.h"

namespace policy::mcp {

namespace {

using format::kNone;
using format::Root;
using Top = ValueVisitor::Top;

StrictJson& ThreadScratch() {
  thread_local StrictJson json;
  return json;
}

// Fills the context roots of one frame.
class ContextFiller {
 public:
  ContextFiller(const CallContext& context, Frame& frame)
      : context_(context),
        frame_(frame),
        layout_(frame.program().layout()),
        nodes_(layout_.context_nodes()),
        filler_(&frame) {}

  bool Fill() {
    if (!nodes_.is_asked) return true;
    for (const Root root : {Root::Tool, Root::Grant, Root::Claims, Root::Client, Root::Now}) {
      if (IsAsked(Node(root))) filler_.FillBelow(Node(root), ValueKind::Absent);
    }
    FillText(nodes_.tool_name, frame_.tool());
    FillText(nodes_.tool_server, context_.server);
    FillText(nodes_.grant_id, context_.grant);
    FillText(nodes_.grant_label, context_.grant_label);
    FillText(nodes_.client_name, context_.client_name);
    FillText(nodes_.client_version, context_.client_version);
    if (IsAsked(Node(Root::Now))) FillNow();
    return FillReviewed() && FillJson(nodes_.grant_tags, context_.grant_tags, Top::List) &&
           FillJson(nodes_.grant_attributes, OrEmpty(context_.grant_attributes), Top::Record) &&
           FillJson(Node(Root::Claims), OrEmpty(context_.claims), Top::Record);
  }

 private:
  static std::uint32_t Node(Root root) { return static_cast<std::uint32_t>(root); }
  static std::string_view OrEmpty(std::string_view record) {
    return record.empty() ? "{}" : record;
  }

  bool IsAsked(std::uint32_t node) const {
    return node != kNone && (layout_.path_nodes()[node].slot != kNone || filler_.HasChildren(node));
  }

  // What was reviewed of the tool: the lock's word where the program has one, and then no other.
  bool FillReviewed() {
    const std::uint32_t annotations = nodes_.tool_annotations;
    if (layout_.pins().empty()) return FillJson(annotations, context_.annotations, Top::Record);
    const std::uint32_t category = nodes_.tool_category;
    const std::uint32_t risk = nodes_.tool_risk;
    if (!IsAsked(annotations) && category == kNone && risk == kNone) return true;
    const format::Pin* const pin = layout_.FindPin(frame_.tool(), context_.server);
    if (pin == nullptr) return true;
    FillText(category, layout_.text(pin->category));
    FillText(risk, layout_.text(pin->risk));
    return FillJson(annotations, layout_.text(pin->annotations), Top::Record);
  }

  // Empty texts are absent.
  void FillText(std::uint32_t node, std::string_view text) {
    if (node != kNone && !text.empty()) filler_.String(node, text);
  }

  bool FillJson(std::uint32_t node, std::string_view raw, Top wanted) {
    if (!IsAsked(node) || raw.empty()) return true;
    if (raw.size() > kMessageBytesMax) return false;
    StrictJson& json = ThreadScratch();
    ValueVisitor visitor(json, &frame_);
    json.Scan(raw, {/*refuses_case_variants=*/false, /*is_top=*/true, node}, visitor);
    return json.outcome().syntax_error == nullptr && !json.is_refused() && visitor.top() == wanted;
  }

  void FillNow() {
    filler_.Time(Node(Root::Now), context_.now_ns);
    if (!filler_.HasChildren(Node(Root::Now))) return;
    const std::optional<Zone> zone = ZoneOf(layout_.zone());
    if (!zone) {  // it was there when the policy was compiled; here nothing can be said
      filler_.BreakChildren(Node(Root::Now));
      return;
    }
    const CivilTime civil = ToCivilTime(context_.now_ns, *zone);
    FillNumber(nodes_.now_hour, civil.hour);
    FillNumber(nodes_.now_minute, civil.minute);
    FillText(nodes_.now_weekday, WeekdayName(civil.weekday));
    if (const std::uint32_t node = nodes_.now_date; node != kNone) {
      char* const room = frame_.Reserve(kDateTextBytes);
      WriteDate(civil, room);
      filler_.String(node, {room, kDateTextBytes});
    }
  }

  void FillNumber(std::uint32_t node, int number) {
    if (node != kNone) filler_.Number(node, number);
  }

  // The look-up is kept: a thread decides for few policies, mostly of one zone.
  static std::optional<Zone> ZoneOf(std::string_view name) {
    thread_local std::string kept_name;
    thread_local std::optional<Zone> kept;
    if (!kept || kept_name != name) {
      kept = Zone::Find(name);
      kept_name = name;
    }
    return kept;
  }

  const CallContext& context_;
  Frame& frame_;
  const Layout& layout_;
  const Layout::ContextNodes& nodes_;
  SlotFiller filler_;
};

}  // namespace

bool FillContext(const CallContext& context, Frame& frame) {
  return ContextFiller(context, frame).Fill();
}

std::expected<void, Refusal> FillArguments(std::string_view raw_arguments, Frame& frame) {
  frame.Clear();
  StrictJson& json = ThreadScratch();
  ValueVisitor visitor(json, &frame);
  Refusal refusal;
  if (raw_arguments.size() > kMessageBytesMax) {
    refusal.reason = "the arguments are longer than " + std::to_string(kMessageBytesMax) + " bytes";
    return std::unexpected(std::move(refusal));
  }
  json.Scan(
      raw_arguments,
      {/*refuses_case_variants=*/true, /*is_top=*/true, static_cast<std::uint32_t>(Root::Args)},
      visitor);
  if (json.outcome().syntax_error != nullptr) {
    refusal.code = -32700;
    refusal.reason = json.outcome().syntax_error;
  } else if (json.is_refused()) {
    refusal.reason = json.outcome().refusal;
  } else if (visitor.top() != Top::Record) {
    refusal.reason = "arguments is not an object";
  } else {
    frame.arguments = raw_arguments;
    return {};
  }
  frame.Clear();
  return std::unexpected(std::move(refusal));
}

}  // namespace policy::mcp
